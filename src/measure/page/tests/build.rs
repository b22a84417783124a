//! Which release a page names.

use super::pages::stack;
use super::*;

/// The release that the first page of the service `shop` names.
fn release(page: &str) -> Option<String> {
    read(&mut auto().of_service("shop"), page).release
}

#[test]
fn a_release_is_named_by_the_build_info_of_the_service() {
    for (page, named) in [
        (r#"shop_build_info{version="1.4.2",goversion="go1.24.1"} 1"#, "1.4.2"),
        (r#"build_info{version="1.4.2"} 1"#, "1.4.2"),
        (r#"checkout_build_info{branch="main",revision="4f2a1b3c5d6e7f",version="1.4.2"} 1"#, "1.4.2 (4f2a1b3c)"),
        (r#"checkout_build_info{commit="4f2a1b3c5d6e7f",version=""} 1"#, "4f2a1b3c5d6e7f"),
        (r#"build_info{git_commit="4f2a1b3c5d6e7f",version="1.4.2+4f2a1b3"} 1"#, "1.4.2+4f2a1b3"),
        (r#"build_info{revision="r7",version="1.4.2"} 1"#, "1.4.2 (r7)"),
        (r#"build_info{version="(devel)",revision="4f2a1b3"} 1"#, "4f2a1b3"),
        (r#"target_info{service_name="checkout",service_version="1.4.2",telemetry_sdk_version="1.9.0"} 1"#, "1.4.2"),
        (r#"{"target.info","service.name"="checkout","service.version"="1.4.2"} 1"#, "1.4.2"),
        (r#"app_info{version="1.4.2"} 1.0"#, "1.4.2"),
        (r#"build_info{image="registry:5000/shop:7",branch="main"} 1"#, "registry:5000/shop:7"),
        (r#"checkout_buildinfo{tag="1.4.2"} 1"#, "1.4.2"),
        // Only other programs have their names to themselves.
        (
            r#"grafana_api_gateway_build_info{version="1"} 1
shop_build_info{version="2"} 1"#,
            "2",
        ),
        (r#"python_tool_build_info{version="3"} 1"#, "3"),
    ] {
        assert_eq!(release(&format!("{page}\n")).as_deref(), Some(named), "{page}");
    }
}

#[test]
fn a_runtime_a_library_and_an_exporter_are_no_release() {
    for page in [
        r#"go_build_info{checksum="",path="shop",version="(devel)"} 1"#,
        r#"go_build_info{checksum="",path="shop",version="v1.4.2"} 1"#,
        r#"go_info{version="go1.24.1"} 1"#,
        r#"python_info{version="3.13.1"} 1"#,
        r#"nodejs_version_info{version="v22.11.0"} 1"#,
        r#"jvm_info{version="21"} 1"#,
        r#"jvm_build_info{version="21"} 1"#,
        r#"process_runtime_jvm_build_info{version="21"} 1"#,
        r#"prometheus_build_info{version="2.42.0"} 1"#,
        r#"nginxexporter_build_info{version="0.11.0"} 1"#,
        r#"haproxy_process_build_info{version="2.6.12"} 1"#,
        r#"node_exporter_build_info{version="1.8.0"} 1"#,
        r#"jmx_exporter_build_info{version="1.0.1"} 1"#,
        r#"kafka_app_info{version="3.4.0"} 1"#,
        r#"cache_client_build_info{version="3.4.0"} 1"#,
        r#"target_info{service_name="shop",telemetry_sdk_version="1.9.0"} 1"#,
        r#"shop_build_info_total{version="1"} 1"#,
        r#"shop_rebuild_info{version="1"} 1"#,
        r#"build_information{version="1"} 1"#,
    ] {
        assert_eq!(release(&format!("{page}\n")), None, "{page}");
    }
    for page in ["nginx-exporter", "caddy-admin", "caddy-site", "etcd", "envoy"] {
        assert_eq!(read(&mut auto(), &stack(page)).release, None, "{page}");
    }
    for page in [PROM_CLIENT, GO, PYTHON, MICROMETER, OPEN_TELEMETRY, ISTIO] {
        assert_eq!(release(page), None);
    }
}

#[test]
fn what_nobody_filled_in_is_no_release() {
    for version in
        ["", " ", "unknown", "(devel)", "dev", "latest", "v0.0.0", "${project.version}", "@project.version@", "---"]
    {
        assert_eq!(release(&format!("build_info{{version=\"{version}\"}} 1\n")), None, "{version}");
    }
    assert_eq!(release("build_info{version=\"a\\nb\"} 1\n"), None, "a line break");
    assert_eq!(release(&format!("build_info{{version=\"{}\"}} 1\n", "7".repeat(201))), None);
    assert_eq!(release("build_info{version=\"1.4.1\"} 0\nbuild_info{version=\"1.4.2\"} 1\n").unwrap(), "1.4.2");
}

#[test]
fn of_several_build_infos_the_one_of_the_service_counts_and_a_tie_says_nothing() {
    let two = "build_info{version=\"1\"} 1\nbuild_info{version=\"2\"} 1\n";
    assert_eq!(release(two), None);
    for (page, named) in [
        (r#"a_build_info{version="1"} 1"#, "2"),
        (r#"target_info{service_name="cart",service_version="1"} 1"#, "2"),
        (r#"build_info{version="1"} 1"#, "2"),
    ] {
        let page = format!("{page}\ntarget_info{{service_name=\"shop\",service_version=\"2\"}} 1\n");
        assert_eq!(release(&page).as_deref(), Some(named), "{page}");
    }
    let several: Vec<String> = (0..100).map(|n| format!("a{n}_build_info{{version=\"{n}\"}} 1\n")).collect();
    assert_eq!(release(&several.concat()), None);
    // Each worker of a service shows the same.
    assert_eq!(release("build_info{pid=\"1\",version=\"1\"} 1\nbuild_info{pid=\"2\",version=\"1\"} 1\n").unwrap(), "1");
}

#[test]
fn a_page_that_many_services_share_is_searched_by_the_filter() {
    let config = RequestSeries {
        series: crate::matchers::LabelFilter::parse(r#"{tenant="a"}"#).unwrap(),
        ..config(Named::Auto, Named::Auto)
    };
    let page = "build_info{tenant=\"b\",version=\"1\"} 1\nbuild_info{tenant=\"a\",version=\"2\"} 1\n";
    assert_eq!(read(&mut of(&config), page).release.unwrap(), "2");
    assert_eq!(read(&mut of(&config), "build_info{version=\"3\"} 1\n").release.unwrap(), "3", "it has no such label");
}

#[test]
fn a_release_is_told_once_and_again_where_it_changes() {
    let mut reader = auto();
    let mut told = |version: &str| {
        let counts = "http_requests_total{status=\"200\"} 7\n";
        read(&mut reader, &format!("{counts}build_info{{version=\"{version}\"}} 1\n")).release
    };
    assert_eq!(told("1").as_deref(), Some("1"));
    assert_eq!([told("1"), told("unknown"), told("1")], [None, None, None]);
    assert_eq!([told("2"), told("1")], [Some("2".to_owned()), Some("1".to_owned())]);
}

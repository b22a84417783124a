use super::*;
use crate::io::source::testing::{Server, Then, answer};

const SHORT: Duration = Duration::from_millis(400);

fn header() -> ProbeSign {
    ProbeSign::Header("x-color".to_owned())
}

fn says(color: &str) -> Vec<u8> {
    answer("200 OK", &format!("X-Color: {color}\r\n"), "")
}

async fn server(answers: Vec<Vec<u8>>) -> Server {
    Server::start(answers, Then::Close).await
}

fn probe(server: &Server, sign: ProbeSign) -> TrafficProbe {
    let (blue, green) = ("blue".to_owned(), "green".to_owned());
    TrafficProbe::new(TrafficProbeConfig { url: server.instance(), host: None, sign, blue, green }, SHORT)
}

fn with_values(probe: TrafficProbe, blue: &str, green: &str) -> TrafficProbe {
    let config = TrafficProbeConfig { blue: blue.to_owned(), green: green.to_owned(), ..probe.config };
    TrafficProbe { config, ..probe }
}

#[tokio::test]
async fn a_move_is_confirmed_by_three_answers_in_a_row_each_over_a_connection_of_its_own() {
    let server = server(vec![says("blue"), says("Green"), says("blue"), says("green")]).await;
    // It ends when it is confirmed, long before that.
    let patient = TrafficProbe { limit: Duration::from_secs(30), ..probe(&server, header()) };
    patient.confirm(Color::Green).await.unwrap();
    assert_eq!(
        server.connections.load(std::sync::atomic::Ordering::SeqCst),
        6,
        "blue, green, blue, then three times green"
    );
}

#[tokio::test]
async fn users_who_still_reach_the_other_color_contradict_a_move() {
    let server = server(vec![says("green")]).await;
    let error = probe(&server, header()).confirm(Color::Blue).await.unwrap_err();
    assert_eq!(error.seen(), Some(Color::Green));
    let url = format!("http://{}", server.addr);
    assert_eq!(
        error.to_string(),
        format!("users still reach green: router.probe_url {url} answered with header `x-color` `green`")
    );
}

#[tokio::test]
async fn the_color_stands_in_json_at_a_pointer_or_at_names() {
    let body = r#"{"release":{"color":"green","slot":2,"live":true},"a.b":"blue"}"#;
    let server = server(vec![answer("503 Service Unavailable", "", body)]).await;
    let look = |path: &str, blue: &str, green: &str| {
        let probe = with_values(probe(&server, ProbeSign::Json(path.to_owned())), blue, green);
        async move { probe.look().await.map_err(|error| error.to_string()) }
    };
    assert_eq!(look("/release/color", "blue", "green").await, Ok(Color::Green));
    assert_eq!(look("release.color", "blue", "green").await, Ok(Color::Green));
    assert_eq!(look("a.b", "blue", "green").await, Ok(Color::Blue));
    assert_eq!(look("release.slot", "1", "2").await, Ok(Color::Green));
    assert_eq!(look("release.live", "true", "false").await, Ok(Color::Blue));
    for path in ["release", "release.colour", "/release/0"] {
        let error = look(path, "blue", "green").await.unwrap_err();
        assert!(
            error.contains(&format!("503 Service Unavailable, and no JSON `{path}`: neither blue (`blue`)")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_color_stands_on_a_metrics_page_as_a_label_or_as_a_value() {
    let server = server(vec![answer("200 OK", "", "app_info{color=\"green\"} 1\nslot 2\n")]).await;
    let metric =
        |label: Option<&str>, name: &str| ProbeSign::Metric { name: name.to_owned(), label: label.map(str::to_owned) };
    assert_eq!(probe(&server, metric(Some("color"), "app_info")).look().await.unwrap(), Color::Green);
    let slot = with_values(probe(&server, metric(None, "slot")), "1.0", "2.0");
    assert_eq!(slot.look().await.unwrap(), Color::Green);
    let neither = with_values(probe(&server, metric(None, "slot")), "3", "4").look().await.unwrap_err().to_string();
    assert!(neither.ends_with("and metric `slot` `2`: neither blue (`3`) nor green (`4`)"), "{neither}");
    let missing = probe(&server, metric(Some("colour"), "app_info")).look().await.unwrap_err().to_string();
    assert!(missing.contains("and no label `colour` of metric `app_info`"), "{missing}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_but_named() {
    let server = server(vec![answer("301 Moved Permanently", "Location: https://shop.example/\r\n", "")]).await;
    let error = probe(&server, header()).look().await.unwrap_err();
    assert_eq!(error.seen(), None);
    assert!(error.to_string().contains("no header `x-color`, but a redirect to https://shop.example/"), "{error}");
}

#[tokio::test]
async fn host_and_login_are_sent() {
    let server = server(vec![says("blue")]).await;
    let url = crate::io::source::testing::instance(&format!("http://ana:secret@{}/who", server.addr));
    let config = TrafficProbeConfig { url, host: Some("shop.example".to_owned()), ..probe(&server, header()).config };
    let probe = TrafficProbe::new(config, SHORT);
    assert_eq!(probe.look().await.unwrap(), Color::Blue);
    assert_eq!(probe.url(), format!("http://***@{}/who", server.addr));
    let asked = server.requests.lock().unwrap()[0].to_lowercase();
    assert!(asked.starts_with("get /who http/1.1\r\n"), "{asked}");
    assert!(asked.contains("host: shop.example\r\n") && asked.contains("authorization: basic "), "{asked}");
    assert!(!asked.contains(&server.addr.to_string()), "one host only: {asked}");
}

#[tokio::test]
async fn silence_and_refusal_end_within_the_limit_and_say_why() {
    let server = server(vec![says("blue")]).await;
    let mut probe = probe(&server, header());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    probe.config.url = crate::io::source::testing::instance(&format!("http://{closed}"));
    let refused = probe.confirm(Color::Blue).await.unwrap_err().to_string();
    assert!(refused.contains("refused the connection"), "{refused}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    probe.config.url = crate::io::source::testing::instance(&format!("http://{}", listener.local_addr().unwrap()));
    let begun = Instant::now();
    let silent = probe.confirm(Color::Blue).await.unwrap_err().to_string();
    assert!(silent.contains("did not answer within"), "{silent}");
    assert!(begun.elapsed() < SHORT * 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let server = server(vec![answer("200 OK", "", vec![b'x'; MAX_BODY + 1])]).await;
    let error = probe(&server, ProbeSign::Json("color".to_owned())).look().await.unwrap_err().to_string();
    assert!(error.ends_with("answered with more than 1048576 bytes"), "{error}");
}

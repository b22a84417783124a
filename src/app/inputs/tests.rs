use std::fs;

use super::*;
use crate::config::load;

fn gathered(folder: &Path, env: &[(&str, &str)], config: Option<&str>) -> Inputs {
    let variables = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    gather(around(folder, variables.collect()), Vec::new(), config.map(PathBuf::from))
}

fn around(working: &Path, variables: Vec<(OsString, OsString)>) -> Surroundings {
    let user = User { uid: rustix::process::geteuid().as_raw(), sudo_uid: None };
    Surroundings { working: working.to_owned(), variables, user }
}

/// A folder with folders and files in it.
fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

fn unreadable(inputs: &Inputs) -> Vec<String> {
    inputs.unreadable.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_folder_gives_no_files_and_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = gathered(folder.path(), &[("SWITCHBACK_SERVICE", "shop"), ("HOME", "/root")], None);
    assert_eq!(inputs.env, [("SWITCHBACK_SERVICE".to_owned(), "shop".to_owned())]);
    assert!(inputs.dotenv.is_none() && inputs.file.is_none() && inputs.unreadable.is_empty());
}

#[test]
fn both_files_of_the_folder_are_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "SWITCHBACK_SOAK_GRACE=5s\n").unwrap();
    fs::write(folder.path().join("switchback.toml"), "service = \"shop\"\n").unwrap();
    let loaded = load(gathered(folder.path(), &[], None)).unwrap();
    assert_eq!(loaded.config.service, "shop");
    assert_eq!(loaded.config.soak.grace.as_secs(), 5);
    assert_eq!(loaded.config.state_file, folder.path().join(".deployment-state.json"));
}

#[test]
fn a_named_file_is_found_by_flag_then_variable_then_dotenv() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.toml", "b.toml", "c.toml"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::write(folder.path().join(".env"), "SWITCHBACK_CONFIG=x.toml\nSWITCHBACK_CONFIG=c.toml\n").unwrap();
    let name = |env: &[_], flag| gathered(folder.path(), env, flag).file.map(|(path, _)| path);
    let env = [("SWITCHBACK_CONFIG", "b.toml")];
    assert_eq!(name(&env, Some("a.toml")), Some(PathBuf::from("a.toml")));
    assert_eq!(name(&env, None), Some(PathBuf::from("b.toml")));
    assert_eq!(name(&[("SWITCHBACK_CONFIG", "")], None), Some(PathBuf::from("c.toml")));
}

#[test]
fn a_named_file_that_is_missing_is_a_problem_with_the_place_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = gathered(folder.path(), &[], Some("prod.toml"));
    assert_eq!(
        unreadable(&inputs),
        ["prod.toml: the file cannot be read: No such file or directory (os error 2)\n    from     flag --config"]
    );
}

#[test]
fn a_folder_named_dotenv_is_ignored_and_one_named_like_the_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".env")).unwrap();
    fs::create_dir(folder.path().join("switchback.toml")).unwrap();
    let inputs = gathered(folder.path(), &[], None);
    assert_eq!(unreadable(&inputs), ["switchback.toml: the file cannot be read: is a directory"]);
}

#[test]
fn a_dotenv_that_cannot_be_read_stops_only_what_has_no_other_configuration() {
    let folder = tempfile::tempdir().unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join(".env"), rustix::fs::Mode::RWXU).unwrap();
    let problems = load(gathered(folder.path(), &[], None)).unwrap_err().to_string();
    assert!(problems.contains(".env: the file cannot be read: not a regular file. There is no other"), "{problems}");
    let told = [".env cannot be read (not a regular file): if it sets SWITCHBACK_ variables, they are missing"];
    let instances = [("SWITCHBACK_COLORS_BLUE_INSTANCES", "http://a:1")];
    assert_eq!(load(gathered(folder.path(), &instances, None)).unwrap().warnings, told);
    fs::write(folder.path().join("switchback.toml"), "service = \"shop\"\n").unwrap();
    assert_eq!(load(gathered(folder.path(), &[], None)).unwrap().warnings, told);
}

#[test]
fn a_dotenv_that_is_too_large_is_read_as_far_as_whole_lines_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = b"SWITCHBACK_SOAK_GRACE=5s\n".to_vec();
    text.resize(usize::try_from(folders::MAX_DOTENV).unwrap() - 18, b'x');
    text.extend_from_slice(b"\nSWITCHBACK_SOAK_GRACE=15s\n");
    fs::write(folder.path().join(".env"), &text).unwrap();
    let loaded = load(gathered(folder.path(), &[], None)).unwrap();
    assert_eq!(loaded.config.soak.grace.as_secs(), 5);
    assert_eq!(
        loaded.warnings,
        [format!(".env is too large: only its first {} bytes are read", folders::MAX_DOTENV - 17)]
    );
}

#[test]
fn bytes_that_are_no_text_are_problems_but_for_those_in_dotenv() {
    use std::os::unix::ffi::OsStringExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("switchback.toml"), [0xff]).unwrap();
    let bytes = || OsString::from_vec(vec![0xff]);
    let env = [(OsString::from("SWITCHBACK_SOAK_GRACE"), bytes()), (bytes(), bytes()), ("HOME".into(), bytes())];
    fs::write(folder.path().join(".env"), [0xff]).unwrap();
    let inputs = gather(around(folder.path(), env.into()), Vec::new(), None);
    assert_eq!(
        unreadable(&inputs),
        [
            "SWITCHBACK_SOAK_GRACE: the value is not UTF-8\n    from     environment SWITCHBACK_SOAK_GRACE",
            "switchback.toml: the file cannot be read: the file is not UTF-8",
        ]
    );
}

#[test]
fn the_process_itself_has_inputs() {
    assert!(from_process(Vec::new(), None).folder.is_absolute());
}

const STATE: &str = "{\"activeColor\":\"green\"}";

#[test]
fn from_a_subfolder_the_deployment_above_is_found_and_shown_with_its_path() {
    let files = [
        ("switchback.toml", "service = \"shop\"\ndata_dir = \"data\"\n"),
        (".env", "SWITCHBACK_SOAK_GRACE=5x\nSWITCHBACK_SOAK_GRACE=5s\n"),
        (".deployment-state.json", STATE),
        ("app/src/.env", "PORT=3000\n"),
    ];
    let (_kept, top) = tree(&files);
    let inputs = gathered(&top.join("app/src"), &[], None);
    assert_eq!(inputs.place.config_file, Some(top.join("switchback.toml")));
    assert_eq!(inputs.place.looked, [top.join("app/src"), top.join("app"), top.clone()]);
    let loaded = load(inputs).unwrap();
    assert_eq!((loaded.place.folder, loaded.place.called_from), (top.clone(), top.join("app/src")));
    assert_eq!(loaded.config.state_file, top.join(".deployment-state.json"));
    assert_eq!(loaded.config.data_dir, top.join("data"));
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let grace = loaded.settings.iter().find(|setting| setting.key == "soak.grace").unwrap();
    assert_eq!(grace.origin.to_string(), format!("{}:2", top.join(".env").display()));
}

#[test]
fn a_nested_package_with_a_deployment_of_its_own_is_found_first() {
    let files = [
        ("switchback.toml", ""),
        (".deployment-state.json", STATE),
        ("pkg/.deployment-state.json", STATE),
        ("pkg/lib/x", ""),
    ];
    let (_kept, top) = tree(&files);
    let inputs = gathered(&top.join("pkg/lib"), &[], None);
    assert_eq!((inputs.folder, inputs.file.is_none()), (top.join("pkg"), true));
}

#[test]
fn a_dotenv_is_a_configuration_where_it_says_where_the_deployment_is() {
    for (text, found) in [
        ("SWITCHBACK_COLORS_BLUE_INSTANCES=http://a:1\n", true),
        ("SWITCHBACK_COLORS_GREEN_INSTANCES_FILE=g.json\n", true),
        ("SWITCHBACK_CONFIG=conf/prod.toml\n", true),
        ("SWITCHBACK_STATE_FILE=s.json\n", true),
        ("SWITCHBACK_COLORS_BLUE_INSTANCES=\n", false),
        ("SWITCHBACK_SOAK_GRACE=5s\n", false),
        ("# SWITCHBACK_COLORS_BLUE_INSTANCES=http://a:1\n", false),
    ] {
        let (_kept, top) = tree(&[(".env", text), ("conf/prod.toml", "state_file = \"s.json\"\n"), ("sub/x", "")]);
        let inputs = gathered(&top.join("sub"), &[], None);
        assert_eq!(inputs.folder == top, found, "{text}");
        let loaded = load(inputs).unwrap();
        // What `.env` names is a part of it: its paths lie in the folder of `.env`.
        let is_named = text.contains("CONFIG");
        assert_eq!(loaded.config.state_file == top.join("s.json"), is_named || text.contains("STATE"), "{text}");
        assert_eq!(loaded.place.config_file, is_named.then(|| top.join("conf/prod.toml")));
    }
}

#[test]
fn a_named_file_says_where_the_deployment_lies_from_wherever_it_is_called() {
    let files = [
        ("shop/conf.toml", "data_dir = \"data\"\nmetrics.bearer_token_file = \"token\"\n"),
        ("shop/token", "secret\n"),
        ("shop/.env", "SWITCHBACK_SOAK_GRACE=5s\n"),
        ("home/.env", "SWITCHBACK_SOAK_GRACE=9s\n"),
    ];
    let (_kept, top) = tree(&files);
    let (shop, home) = (top.join("shop"), top.join("home"));
    for (env, flag) in [(vec![], Some("../shop/conf.toml")), (vec![("SWITCHBACK_CONFIG", "../shop/./conf.toml")], None)]
    {
        let loaded = load(gathered(&home, &env, flag)).unwrap();
        assert_eq!(loaded.place.config_file, Some(shop.join("conf.toml")));
        assert_eq!(loaded.config.state_file, shop.join(".deployment-state.json"));
        assert_eq!(loaded.config.data_dir, shop.join("data"));
        assert_eq!(loaded.config.soak.grace.as_secs(), 5);
        let told = format!(
            "`{0}/.env` sets SWITCHBACK_ variables and is not read: the deployment lies in `{1}`",
            home.display(),
            shop.display()
        );
        assert_eq!(loaded.warnings, [told]);
    }
}

#[test]
fn paths_of_flags_and_environment_lie_in_the_working_directory() {
    let (_kept, top) = tree(&[("switchback.toml", "data_dir = \"a\"\n"), ("sub/x", "")]);
    let loaded = load(gathered(&top.join("sub"), &[("SWITCHBACK_STATE_FILE", "s.json")], None)).unwrap();
    assert_eq!((loaded.config.state_file, loaded.config.data_dir), (top.join("sub/s.json"), top.join("a")));
}

#[test]
fn a_state_file_that_only_the_working_directory_has_is_used_and_told() {
    let (_kept, top) = tree(&[
        ("conf/prod.toml", "data_dir = \"d\"\n"),
        (".deployment-state.json", STATE),
        (".env", "SWITCHBACK_SOAK_GRACE=5s\n"),
    ]);
    let loaded = load(gathered(&top, &[], Some("conf/prod.toml"))).unwrap();
    assert_eq!((loaded.config.data_dir, loaded.config.soak.grace.as_secs()), (top.join("d"), 5));
    let [told] = &loaded.warnings[..] else { panic!("{:?}", loaded.warnings) };
    for path in [".deployment-state.json", "conf/.deployment-state.json"] {
        assert!(told.contains(&format!("`{}`", top.join(path).display())), "{told}");
    }
    fs::write(top.join("conf/.deployment-state.json"), STATE).unwrap();
    let loaded = load(gathered(&top, &[], Some("conf/prod.toml"))).unwrap();
    assert_eq!(loaded.place.folder, top.join("conf"));
    assert_eq!(loaded.place.rival.unwrap().other, top.join(".deployment-state.json"));
}

#[test]
fn a_symlinked_file_lies_where_the_link_is_unless_the_state_file_is_where_it_leads() {
    let (_kept, top) = tree(&[("real/prod.toml", ""), ("link/x", "")]);
    std::os::unix::fs::symlink("../real/prod.toml", top.join("link/switchback.toml")).unwrap();
    let folder = |config: Option<&str>| gathered(&top.join("link"), &[], config).folder;
    assert_eq!((folder(None), folder(Some("switchback.toml"))), (top.join("link"), top.join("link")));
    fs::write(top.join("real/.deployment-state.json"), STATE).unwrap();
    assert_eq!((folder(None), folder(Some("switchback.toml"))), (top.join("real"), top.join("real")));
    fs::write(top.join("link/.deployment-state.json"), STATE).unwrap();
    assert_eq!(folder(None), top.join("link"));
}

#[test]
fn what_others_can_write_is_not_used_from_below() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_kept, top) =
        tree(&[("switchback.toml", "service = \"shop\"\n"), (".env", "SWITCHBACK_SOAK_GRACE=5s\n"), ("sub/x", "")]);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let below = || gathered(&top.join("sub"), &[], None);
    // Only `.env`: the rest is used.
    mode(&top.join(".env"), 0o666);
    let inputs = below();
    assert!(inputs.file.is_some() && inputs.dotenv.is_none());
    assert!(inputs.warnings[0].ends_with(&format!("other users can write to `{}`", top.join(".env").display())));
    mode(&top, 0o1777);
    let inputs = below();
    assert_eq!((inputs.folder, inputs.file.is_none()), (top.join("sub"), true));
    assert!(inputs.place.end.unwrap().to_string().ends_with(&format!("other users can write to `{}`", top.display())));
    // Whoever goes there, or names it, means it.
    assert!(gathered(&top, &[], None).file.is_some());
    assert!(gathered(&top.join("sub"), &[], Some("../switchback.toml")).dotenv.is_some());
}

#[test]
fn a_link_is_trusted_as_far_as_what_it_leads_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_kept, top) = tree(&[("open/prod.toml", ""), ("shop/sub/x", "")]);
    std::os::unix::fs::symlink("../open/prod.toml", top.join("shop/switchback.toml")).unwrap();
    let below = || gathered(&top.join("shop/sub"), &[], None);
    assert!(below().file.is_some());
    fs::set_permissions(top.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(below().file.is_none());
}

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener as Blocking;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

/// A folder as a monitor has it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    folder
}

async fn refusal(path: &Path) -> String {
    ControlSocket::bind(path, None).await.unwrap_err().to_string()
}

#[tokio::test]
async fn folder_and_socket_belong_to_their_owner_alone_and_the_file_goes_with_the_listener() {
    let folder = folder();
    let path = folder.path().join("data/shop/control.sock");
    let socket = ControlSocket::bind(&path, None).await.unwrap();
    assert_eq!(socket.path, path);
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    UnixStream::connect(&path).await.unwrap();
    drop(socket);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_live_socket_is_respected_and_a_dead_one_replaced() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let live = Blocking::bind(&path).unwrap();
    let error = ControlSocket::bind(&path, None).await.unwrap_err();
    assert!(matches!(error, SocketError::Live { .. }));
    assert_eq!(error.to_string(), format!("another monitor answers at the control socket `{}`", path.display()));
    // A listener of the standard library leaves its file behind, as a process that was killed does.
    drop(live);
    let _socket = ControlSocket::bind(&path, None).await.unwrap();
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn a_monitor_too_busy_to_accept_counts_as_live() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let _listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(CONNECT_TIMEOUT, UnixStream::connect(&path)).await {
        waiting.push(stream);
    }
    assert!(matches!(ControlSocket::bind(&path, None).await, Err(SocketError::Live { .. })));
}

#[tokio::test]
async fn of_two_that_start_at_once_over_a_dead_socket_one_binds() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    for _ in 0..20 {
        drop(Blocking::bind(&path).unwrap());
        let (one, other) = tokio::join!(ControlSocket::bind(&path, None), ControlSocket::bind(&path, None));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert!(matches!(one.and(other), Err(SocketError::Live { .. })));
    }
}

#[tokio::test]
async fn what_is_no_socket_is_never_touched() {
    let folder = folder();
    let (file, link, sub) = (folder.path().join("file"), folder.path().join("link"), folder.path().join("sub"));
    fs::write(&file, "precious").unwrap();
    symlink(folder.path().join("elsewhere"), &link).unwrap();
    fs::create_dir(&sub).unwrap();
    for (path, what) in [(&file, "a file"), (&link, "a symlink"), (&sub, "a folder")] {
        let want =
            format!("`{}` is {what}, not a socket: move it away or set another `control.socket`", path.display());
        assert_eq!(refusal(path).await, want);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert!(!folder.path().join("elsewhere").exists());
}

#[tokio::test]
async fn a_path_that_is_too_long_names_the_key_to_shorten() {
    let folder = folder();
    let room = MAX_PATH - folder.path().as_os_str().len() - 1;
    let path = folder.path().join("x".repeat(room));
    ControlSocket::bind(&path, None).await.unwrap();
    let path = folder.path().join("x".repeat(room + 1));
    let want = format!(
        "the path of the control socket `{}` has 108 bytes, 107 are the limit: set a shorter `control.socket`",
        path.display()
    );
    assert_eq!(refusal(&path).await, want);
}

#[tokio::test]
async fn a_folder_that_others_can_write_to_is_refused_with_what_to_do() {
    let folder = folder();
    let at = folder.path().display();
    for (mode, why) in [
        (0o770, format!("can be written to by others: run `chmod go-w '{at}'`")),
        (0o707, format!("can be written to by others: run `chmod go-w '{at}'`")),
        (0o1777, "is shared by all users: set `control.socket` to a path in a folder of your own".to_owned()),
    ] {
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
        let want = format!("the folder `{at}` of the control socket {why}");
        assert_eq!(refusal(&folder.path().join("control.sock")).await, want);
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    ControlSocket::bind(&folder.path().join("control.sock"), None).await.unwrap();
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_refused_and_one_of_root_is_not() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let owner = fs::metadata(folder.path()).unwrap().uid();
    let other = ControlSocket::bind_as(owner + 1, &path, None).await;
    if owner == 0 {
        other.unwrap();
        return;
    }
    let why = other.unwrap_err().to_string();
    assert!(why.contains(&format!("belongs to the user {owner}: run as that user")), "{why}");
}

#[test]
fn the_owner_of_a_folder_counts() {
    let folder = folder();
    let metadata = fs::metadata(folder.path()).unwrap();
    let owner = metadata.uid();
    assert_eq!(unsafe_folder(&metadata, owner, folder.path()), None);
    if owner == 0 {
        // Only root can give a folder away, and root's folders are everybody's to use.
        std::os::unix::fs::chown(folder.path(), Some(4_711), None).unwrap();
    }
    let metadata = fs::metadata(folder.path()).unwrap();
    let owner = metadata.uid();
    let why = unsafe_folder(&metadata, owner + 1, folder.path()).unwrap();
    let want = "run as that user, or set `control.socket` to a path in a folder of your own";
    assert_eq!(why, format!("belongs to the user {owner}: {want}"));
}

#[tokio::test]
async fn what_the_system_refuses_names_the_file() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let why = refusal(&folder.path().join("file/control.sock")).await;
    let want = format!("cannot create the folder `{}/file` for the control socket: ", folder.path().display());
    assert!(why.starts_with(&want), "{why}");
}

#[tokio::test]
async fn a_file_that_took_the_sockets_place_stays() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let socket = ControlSocket::bind(&path, None).await.unwrap();
    fs::remove_file(&path).unwrap();
    let successor = Blocking::bind(&path).unwrap();
    drop(socket);
    assert!(path.exists());
    drop(successor);
}

/// A group of this user that is not the first one, or that root can give a file to.
fn some_group() -> u32 {
    let own = rustix::process::getgroups().unwrap().into_iter().map(rustix::process::Gid::as_raw);
    if geteuid().is_root() { 4_711 } else { own.max().unwrap_or_else(|| rustix::process::getegid().as_raw()) }
}

#[tokio::test]
async fn a_socket_for_a_group_belongs_to_it_and_says_how_its_members_get_in() {
    let folder = folder();
    let (inner, group) = (folder.path().join("with a blank"), some_group().to_string());
    let path = inner.join("control.sock");
    let socket = ControlSocket::bind(&path, Some(&group)).await.unwrap();
    let found = fs::symlink_metadata(&path).unwrap();
    assert_eq!((found.mode() & 0o777, found.gid()), (0o660, some_group()));
    assert!(socket.admits(4_712, 1), "the file's bits decide");
    let kept_out = socket.kept_out().unwrap().clone();
    assert_eq!(kept_out.to_string(), format!("members of the group `{group}` cannot reach the control socket"));
    let told = kept_out.advice();
    let [outer, inner] = [folder.path(), &inner].map(|folder| folder.canonicalize().unwrap());
    let folders = format!("{} '{}'", outer.display(), inner.display());
    assert!(told.starts_with(&format!("run `chgrp {group} ")) && told.contains(&folders), "{told}");
    let command = told.split('`').nth(1).unwrap();
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
    drop(socket);
    let socket = ControlSocket::bind(&path, Some(&group)).await.unwrap();
    assert_eq!(socket.kept_out(), None, "what is advised works");
    assert_eq!(check_group(&group, &path), Ok(None));

    // The bits of the group count for its members, even where everybody else may enter.
    fs::set_permissions(&inner, Permissions::from_mode(0o701)).unwrap();
    assert!(check_group(&group, &path).unwrap().unwrap().advice().contains("chmod g+x '"));

    // A folder that is still to be made.
    let later = inner.join("data/shop/control.sock");
    let advice = check_group(&group, &later).unwrap().unwrap().advice();
    let command = advice.split('`').nth(1).unwrap();
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
    let socket = ControlSocket::bind(&later, Some(&group)).await.unwrap();
    assert_eq!((socket.kept_out(), mode(later.parent().unwrap())), (None, 0o710));
}

#[tokio::test]
async fn a_group_that_does_not_exist_or_is_not_ours_is_told_before_anything_is_bound() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let error = ControlSocket::bind(&path, Some("no-such-group")).await.unwrap_err().to_string();
    assert!(error.starts_with("`control.group` = no-such-group: there is no such group in /etc/group; "), "{error}");
    if !geteuid().is_root() {
        let error = ControlSocket::bind(&path, Some("3999999999")).await.unwrap_err().to_string();
        assert!(error.contains("this user is not a member, and may not give files to the group"), "{error}");
    }
    assert!(!path.exists());
}

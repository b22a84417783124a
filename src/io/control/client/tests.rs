use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

#[test]
fn a_folder_that_this_user_may_not_look_into_is_not_taken_for_no_monitor() {
    let socket = Path::new("/srv/.switchback/shop/control.sock");
    let told = |kind: io::ErrorKind| unseen(socket, &io::Error::from(kind)).to_string();
    assert_eq!(
        told(io::ErrorKind::PermissionDenied),
        "permission denied: this user may not enter `/srv/.switchback/shop`, where the monitor's socket is"
    );
    assert_eq!(told(io::ErrorKind::NotFound), "no monitor answers at `/srv/.switchback/shop/control.sock`");
    assert!(told(io::ErrorKind::NotADirectory).contains("broke: /srv/.switchback/shop/control.sock: not a directory"));
}

#[test]
fn the_sentences_of_a_monitor_that_sends_no_code_are_understood() {
    let foreign = format!("the map holds `x`, which {NOT_OURS}: `rollback --force` replaces it");
    assert_eq!(in_words(&foreign), Some(RefusalCode::RouterForeign));
    assert_eq!(in_words("blue is DOWN: `rollback --force` moves"), Some(RefusalCode::NeedsForce));
    assert_eq!(in_words("the soak is over"), None);
}

#[tokio::test]
async fn a_monitor_that_sends_no_code_is_understood_over_its_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let monitor = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let body = r#"{"error":"blue is DOWN: `rollback --force` moves traffic there as it is"}"#;
        let head = format!("HTTP/1.1 409 Conflict\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    });
    let ana = Actor::Operator("ana@deploy-1".to_owned());
    let refused = Client::new(&socket).act(Action::Rollback { force: false }, &ana, None).await.unwrap_err();
    assert!(matches!(refused, ClientError::Refused { code: Some(RefusalCode::NeedsForce), .. }), "{refused:?}");
    monitor.await.unwrap();
}

#[test]
fn a_code_of_a_later_monitor_is_none_of_ours() {
    let Failure { code, .. } = serde_json::from_str(r#"{"error":"not today","code":"holiday"}"#).unwrap();
    assert_eq!(code, Some(RefusalCode::Unknown));
}

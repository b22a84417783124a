use super::*;

fn message(id: &str) -> Message {
    Message { id: id.to_owned(), body: "{}".to_owned() }
}

#[tokio::test]
async fn a_webhook_that_never_answers_holds_nobody_up() {
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Some(format!("http://{}/", deaf.local_addr().unwrap()).into());
    let notifier = Notifier::start(&NotifyConfig { url, secret: None, timeout: Duration::from_mins(1) }).unwrap();
    // More than fit: what is too much is dropped, and nobody waits.
    for at in 0..BACKLOG + 9 {
        notifier.queue(message(&format!("msg_{at}")));
    }
    assert_eq!(notifier.waiting.load(Ordering::Relaxed), u64::try_from(BACKLOG).unwrap());
    notifier.finish_within(Duration::from_millis(50)).await;
}

#[test]
fn only_web_addresses_are_webhooks_and_none_is_repeated() {
    assert!(webhook(&"https://hooks.slack.com/services/T0/B0/secret".into()).is_ok());
    for (text, why) in [
        ("mailto:ops@example.com", "it has to begin with http:// or https://, and a host"),
        ("secret", "it is not a URL: relative URL without a base"),
    ] {
        assert_eq!(webhook(&text.into()).unwrap_err(), why);
    }
}

use proptest::prelude::*;
use std::fs;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The message that the specification's libraries are tested with.
const EXAMPLE: (&str, i64, &str, &str) = (
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1_614_265_330,
    r#"{"test": 2432232314}"#,
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
);

fn orders(folder: &tempfile::TempDir, now: i64) -> SignedOrders {
    let key = SigningKey::parse(&SECRET.into()).unwrap();
    SignedOrders::new(key, &folder.path().join("signed-orders"), now).unwrap()
}

fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

#[test]
fn the_example_of_the_specification_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let (id, at, body, signature) = EXAMPLE;
    let orders = orders(&folder, at);
    let several = format!("v1a,bm90IG91cnM= v1,bm90IGl0 {signature}");
    for (signature, now) in [(signature, at), (signature, at - 300), (signature, at + 300), (&several, at)] {
        let signed = orders.check(&headers(id, &at.to_string(), signature), body.as_bytes(), now).unwrap();
        assert_eq!(signed, Signed { id: id.to_owned(), at });
    }
    let signed = Signed { id: id.to_owned(), at };
    orders.take(&signed, at).unwrap();
    assert_eq!(
        orders.take(&signed, at).unwrap_err().to_string(),
        format!("order `{id}` was already received (replay rejected)")
    );
}

#[test]
fn what_was_changed_or_comes_at_another_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (id, at, body, signature) = EXAMPLE;
    let orders = orders(&folder, at);
    let told = |headers: HeaderMap, body: &str, now: i64| orders.check(&headers, body.as_bytes(), now).unwrap_err();
    let time = at.to_string();
    let later = (at + 1).to_string();
    for headers in [
        headers("msg_other", &time, signature),
        headers(id, &later, signature),
        headers(id, &time, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="),
        headers(id, &time, &signature.replace("v1,", "v1a,")),
        headers(id, &time, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        headers(id, &time, "v1,"),
        headers(id, &time, ""),
    ] {
        assert_eq!(told(headers.clone(), body, at), NotSigned::Forged, "{headers:?}");
    }
    assert_eq!(told(headers(id, &time, signature), r#"{"test": 2432232315}"#, at), NotSigned::Forged);
    assert_eq!(told(headers(id, &time, signature), body, at + 301), NotSigned::Late(301));
    assert_eq!(told(headers(id, &time, signature), body, at - 301), NotSigned::Late(-301));
    for (headers, what) in [
        (headers("", &time, signature), "webhook-id must have 1 to 128"),
        (headers("a.b", &time, signature), "and no full stop"),
        (headers("a b", &time, signature), "visible ASCII"),
        (headers(&"x".repeat(129), &time, signature), "1 to 128"),
        (headers(id, "yesterday", signature), "webhook-timestamp must be a number of seconds"),
        (headers(id, "+1614265330", signature), "webhook-timestamp must be a number of seconds"),
        (headers(id, "", signature), "webhook-timestamp must be a number of seconds"),
        (HeaderMap::new(), "webhook-id must be there exactly once"),
    ] {
        let told = told(headers, body, at).to_string();
        assert!(told.contains(what), "{told}");
    }
    let mut twice = headers(id, &time, signature);
    twice.append(ID, "other".parse().unwrap());
    assert!(told(twice, body, at).to_string().contains("webhook-id must be there exactly once"));
    let mut bytes = headers(id, &time, signature);
    bytes.insert(SIGNATURE, axum::http::HeaderValue::from_bytes(b"v1,\xff").unwrap());
    assert!(told(bytes, body, at).to_string().contains("webhook-signature is not ASCII"));
}

#[test]
fn another_monitor_does_not_take_it_again_whatever_a_crash_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signed-orders");
    let one = Signed { id: "msg_1".to_owned(), at: 1_000_000 };
    let two = Signed { id: "msg_2".to_owned(), at: 1_000_060 };
    orders(&folder, one.at).take(&one, one.at).unwrap();
    fs::write(&path, fs::read_to_string(&path).unwrap() + "10000").unwrap();
    let next = orders(&folder, two.at);
    assert!(matches!(next.take(&one, two.at), Err(NotNew::Again(_))));
    next.take(&two, two.at).unwrap();
    let last = orders(&folder, two.at);
    assert!([&one, &two].iter().all(|signed| matches!(last.take(signed, two.at), Err(NotNew::Again(_)))));
    // A clock that is set back brings nothing back within a day, and after it the file is empty again.
    assert!(matches!(last.take(&two, two.at + REMEMBERED_S), Err(NotNew::Again(_))));
    drop(orders(&folder, two.at + REMEMBERED_S + 1));
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn what_cannot_be_remembered_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let orders = orders(&folder, 0);
    for number in 0..MAX_IDS {
        let id = format!("msg_{number}");
        orders.seen.lock().unwrap().ids.insert(id, 0);
    }
    let signed = Signed { id: "msg_new".to_owned(), at: 0 };
    assert!(matches!(orders.take(&signed, 0), Err(NotNew::TooMany)));
    orders.take(&signed, REMEMBERED_S + 1).unwrap();

    let mut seen = orders.seen.lock().unwrap();
    seen.file = File::open("/dev/null").unwrap();
    let other = Signed { id: "msg_other".to_owned(), at: REMEMBERED_S };
    assert!(matches!(seen.take(&other, REMEMBERED_S), Err(NotNew::Forgetful(_))));
    assert!(!seen.ids.contains_key("msg_other"), "it may come again once there is room");
}

proptest! {
    #[test]
    fn no_headers_and_no_body_make_it_panic_or_are_taken(
        id in "[ -~]{0,140}", time in "[ -~]{0,20}", signature in "(v1,)?[ -~]{0,80}", body: Vec<u8>, now: i64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        prop_assert!(orders(&folder, 0).check(&headers(&id, &time, &signature), &body, now).is_err());
    }
}

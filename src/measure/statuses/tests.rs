use super::*;

fn set(classes: &[u8], codes: &[u16], words: &[&str]) -> StatusSet {
    let words = words.iter().map(ToString::to_string).collect();
    StatusSet { classes: classes.to_vec(), codes: codes.to_vec(), words }
}

#[track_caller]
fn assert_says(set: &StatusSet, kind: StatusKind, values: &[&str], status: Status) {
    for value in values {
        assert_eq!(set.judge(value.as_bytes(), kind), status, "{value}");
    }
}

#[test]
fn an_http_status_is_understood_however_it_is_written() {
    let faults = set(&[5], &[429], &[]);
    let failed = [
        "503",
        "5xx",
        "5XX",
        "429",
        "500.0",
        "500.00",
        "HTTP 500",
        "HTTP_500",
        "http500",
        "HTTP/1.1 500",
        "HTTP/2 503",
        "status_502",
        "500 Internal Server Error",
        " 500 ",
        "server_error",
        "SERVER_ERROR",
        "server-error",
        "ServerError",
    ];
    assert_says(&faults, StatusKind::Http, &failed, Status::Failed);
    let good = ["200", "404", "428", "2xx", "200.0", "HTTP 204", "301 Moved", "redirection", "CLIENT-ERROR"];
    // `4xx` may hide the 429 that counts as an error.
    assert_says(&faults, StatusKind::Http, &good[..8], Status::Good);
    assert_says(&faults, StatusKind::Http, &["4xx", "CLIENT-ERROR"], Status::Unclear);
    assert_says(&set(&[5], &[], &[]), StatusKind::Http, &good, Status::Good);
}

#[test]
fn what_is_no_status_is_not_taken_for_one() {
    let faults = set(&[5], &[], &[]);
    let unclear =
        ["5", "5000", "600", "099", "5é", "error", "ok", "OK", "timeout", "5.0", "500ms", "1.1", "GET", "Internal"];
    assert_says(&faults, StatusKind::Http, &unclear, Status::Unclear);
    assert_says(&faults, StatusKind::Http, &["success", "SUCCESS", "successful"], Status::Success);
    assert_says(
        &faults,
        StatusKind::Http,
        &["", " ", "0", "000", "other", "UNKNOWN", "none", "n/a", "-"],
        Status::Nothing,
    );
    assert_says(&faults, StatusKind::Http, &["total", "all", "*", "ALL", "_total"], Status::Sum);
}

#[test]
fn a_class_may_be_a_single_digit_where_the_label_says_so() {
    let faults = set(&[5], &[], &[]);
    assert_says(&faults, StatusKind::Class, &["5", "5xx", "server-error", "500"], Status::Failed);
    assert_says(&faults, StatusKind::Class, &["2", "4xx", "success"], Status::Good);
    assert_says(&faults, StatusKind::Class, &["6", "52"], Status::Unclear);
}

#[test]
fn the_faults_of_a_grpc_server_are_errors_and_those_of_its_clients_are_not() {
    let faults = set(&[5], &[], &[]);
    let failed = [
        "Unknown",
        "DeadlineExceeded",
        "DEADLINE_EXCEEDED",
        "Unimplemented",
        "Internal",
        "UNAVAILABLE",
        "DataLoss",
        "StatusCode.INTERNAL",
        "StatusCode.UNKNOWN",
        "2",
        "4",
        "12",
        "13",
        "14",
        "15",
        "Code(99)",
    ];
    assert_says(&faults, StatusKind::Grpc, &failed, Status::Failed);
    let good =
        ["OK", "Ok", "StatusCode.OK", "0", "1", "Canceled", "CANCELLED", "NotFound", "5", "Aborted", "16", "200"];
    assert_says(&faults, StatusKind::Grpc, &good, Status::Good);
    assert_says(&faults, StatusKind::Grpc, &["17", "whatever"], Status::Unclear);
    assert_says(&faults, StatusKind::Grpc, &[""], Status::Nothing);
    assert_says(&faults, StatusKind::Http, &["StatusCode.INTERNAL"], Status::Failed);
    assert_says(&set(&[4], &[], &[]), StatusKind::Grpc, &["NotFound", "ResourceExhausted"], Status::Failed);
    assert_says(&set(&[5], &[], &["NotFound"]), StatusKind::Grpc, &["NOT_FOUND", "Internal"], Status::Failed);
}

#[test]
fn words_are_errors_where_they_are_named_and_all_others_are_good() {
    let words = set(&[5], &[], &["error", "timed-out"]);
    assert_says(&words, StatusKind::Http, &["error", "ERROR", "timed_out", "503"], Status::Failed);
    assert_says(&words, StatusKind::Http, &["success", "ok", "whatever", "200"], Status::Good);
    assert_says(&words, StatusKind::Http, &["total"], Status::Sum);
}

#[test]
fn a_set_is_shown_as_it_is_written() {
    assert_eq!(set(&[5, 4], &[429], &["error"]).to_string(), "5xx,4xx,429,error");
}

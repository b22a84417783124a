//! Tolerates what other programs do to a state file.

use serde_json::{Map, Value};

use crate::io::state::Corrupt;

/// For messages. PowerShell and some editors write byte order marks.
pub(super) const UTF8_MARK: &str = "UTF-8, EF BB BF";
const UTF16_MARK: &str = "UTF-16";

/// 2^53, below which doubles represent every integer.
const MAX: f64 = 9_007_199_254_740_992.0;

pub fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> Corrupt {
    match bytes {
        [0xff, 0xfe, _, ..] | [0xfe, 0xff, _, ..] => Corrupt::ByteOrderMark(UTF16_MARK),
        _ => Corrupt::Json(error.to_string()),
    }
}

/// Accepts `1795442545183.0` and `1.795442545183e12` as integers, as `deploy.ts` does; writes them without a point.
pub(crate) fn times_in_whole_milliseconds(document: &mut Map<String, Value>) {
    let whole = |value: &mut Value| {
        let float = value.as_f64().filter(|_| value.is_f64());
        if let Some(float) = float.filter(|float| float.fract() == 0.0 && float.abs() <= MAX) {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and at most 2^53")]
            let number = float as i64;
            *value = number.into();
        }
    };
    document.get_mut("lastSwitch").map(whole);
    document.get_mut("transition").and_then(|transition| transition.get_mut("at")).map(whole);
    document.get_mut("soak").and_then(|soak| soak.get_mut("lastSwitch")).map(whole);
}

#[cfg(test)]
mod tests {
    use crate::io::state::State;

    fn last_switch(number: &str) -> Result<Option<i64>, String> {
        let text = format!(r#"{{"activeColor":"green","lastSwitch":{number},"previousColor":"blue"}}"#);
        State::parse(&text).map(|state| state.last_switch()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for (number, wanted) in [
            ("1795442545183", 1_795_442_545_183),
            ("1795442545183.0", 1_795_442_545_183),
            ("1795442545183.000", 1_795_442_545_183),
            ("1.795442545183e12", 1_795_442_545_183),
            ("1.795e12", 1_795_000_000_000),
            ("1795E9", 1_795_000_000_000),
            ("0.0", 0),
            ("-0.0", 0),
            ("-5.0", -5),
            ("9007199254740992.0", 9_007_199_254_740_992),
        ] {
            assert_eq!(last_switch(number), Ok(Some(wanted)), "{number}");
        }
        for number in ["1795442545.183", "1e300", "9.3e18", "\"1795442545183\"", "true"] {
            assert!(last_switch(number).unwrap_err().starts_with("key `lastSwitch`: "), "{number}");
        }
        assert_eq!(last_switch("null"), Ok(None));
    }

    #[test]
    fn what_is_written_back_is_as_deploy_ts_writes_it() {
        let text = r#"{"activeColor":"green","lastSwitch":1795442545183.0,"x":2.0,"transition":{"kind":"switch","at":1.795442545183e12}}"#;
        let state = State::parse(text).unwrap();
        assert!(state.last_move_is(crate::io::state::Move::Switch));
        let written = state.to_text().unwrap();
        assert!(written.contains("\"lastSwitch\": 1795442545183,\n"), "{written}");
        assert!(written.contains("\"at\": 1795442545183\n") && written.contains("\"x\": 2.0"), "{written}");
        assert_eq!(State::parse(&written).unwrap(), state);
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        let told = State::parse("\u{feff}{\"activeColor\":\"green\"}").unwrap_err().to_string();
        assert!(told.starts_with("it begins with a byte order mark (UTF-8, EF BB BF)"), "{told}");
        for (bytes, named) in
            [(&b"\xff\xfe{\0"[..], true), (b"\xfe\xff\0{", true), (b"\xff\xfe", false), (b"{\xe4", false)]
        {
            let error = std::str::from_utf8(bytes).unwrap_err();
            assert_eq!(
                super::not_utf8(bytes, error).to_string().contains("byte order mark (UTF-16)"),
                named,
                "{bytes:?}"
            );
        }
    }
}

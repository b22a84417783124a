//! What a command printed, in bounded memory and safe to show.

use crate::config::scrub;
use crate::model::printable::clean;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Of each stream's end, in bytes.
pub(super) const KEPT: usize = 64 << 10;

/// In messages.
const QUOTED_LINES: usize = 12;
const QUOTED_BYTES: usize = 2048;

/// Reads a stream to its end; `kept` holds at most the last `most` bytes.
pub(super) async fn keep_tail(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>, most: usize) {
    let Some(mut stream) = stream else { return };
    let mut chunk = vec![0; 8192];
    // A failed pipe is at its end; the command's exit tells how it went.
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        let surplus = kept.len().saturating_sub(most);
        kept.drain(..surplus);
    }
}

/// The last lines printed, without control characters and known secrets; empty if there were none.
pub(super) fn quote(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    // Before cutting, or half a secret would be left.
    let text = scrub(&text);
    let shown = |line: &str| clean(&line.chars().filter(|c| !c.is_control()).collect::<String>()).into_owned();
    let lines: Vec<String> = text.lines().map(shown).filter(|line| !line.trim().is_empty()).collect();
    let quoted = lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n");
    let start = quoted.ceil_char_boundary(quoted.len().saturating_sub(QUOTED_BYTES));
    quoted[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_endless_output_the_end_is_kept() {
        let mut kept = Vec::new();
        let printed = [vec![b'a'; KEPT * 3], b"the end".to_vec()].concat();
        keep_tail(Some(&printed[..]), &mut kept, KEPT).await;
        assert_eq!(kept.len(), KEPT);
        assert!(kept.ends_with(b"aaathe end"));
    }

    #[test]
    fn the_last_lines_are_quoted_without_what_a_terminal_would_obey() {
        assert_eq!(quote(b"\n\x1b[31mred\x1b[0m\r\n\n  two \xff\n"), "[31mred[0m\n  two \u{fffd}");
        assert_eq!(quote(b" \n"), "");
        let many: Vec<String> = (0..50).map(|line| format!("line {line}")).collect();
        let quoted = quote(many.join("\n").as_bytes());
        assert!(quoted.starts_with("line 38\n") && quoted.ends_with("line 49"), "{quoted}");
        assert_eq!(quote("é".repeat(5000).as_bytes()).len(), QUOTED_BYTES);
    }
}

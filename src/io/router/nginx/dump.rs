//! The output of `nginx -T`: every file of the configuration with its content.

use std::path::{Path, PathBuf};

const HEADER: &[u8] = b"# configuration file ";
const PROGRAMS: [&str; 4] = ["nginx", "openresty", "angie", "freenginx"];

/// `test` with `-T` in place of `-t`, so with the same namespaces and rights. `None` if it is another program.
pub fn command(test: &[String]) -> Option<Vec<String>> {
    let is_nginx =
        |word: &String| Path::new(word).file_name().is_some_and(|name| PROGRAMS.iter().any(|known| name == *known));
    // `docker exec -t proxy nginx -t`: the first `-t` is docker's.
    let nginx = test.iter().rposition(is_nginx)?;
    let flag = nginx + test.get(nginx..)?.iter().position(|word| word == "-t")?;
    let mut words = test.to_vec();
    "-T".clone_into(&mut words[flag]);
    Some(words)
}

pub fn files(dump: &[u8]) -> Vec<(PathBuf, &[u8])> {
    let mut files: Vec<(PathBuf, &[u8])> = Vec::new();
    let mut begun: Option<(PathBuf, usize)> = None;
    let mut at = 0;
    for line in dump.split_inclusive(|byte| *byte == b'\n') {
        if let Some(path) = header(line) {
            files.extend(begun.take().map(|(path, from)| (path, content(&dump[from..at]))));
            begun = Some((path, at + line.len()));
        }
        at += line.len();
    }
    files.extend(begun.map(|(path, from)| (path, content(&dump[from..]))));
    files
}

fn header(line: &[u8]) -> Option<PathBuf> {
    let path = line.strip_prefix(HEADER)?.strip_suffix(b":\n")?;
    // nginx prints absolute paths; a comment could look similar.
    let path = std::str::from_utf8(path).ok().filter(|path| path.starts_with('/'))?;
    Some(PathBuf::from(path))
}

/// nginx prints a line feed after each file.
fn content(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_configuration_is_printed_by_the_program_that_tests_it() {
        for (test, dump) in [
            ("nginx -t", Some("nginx -T")),
            ("sudo -n /usr/sbin/nginx -t -c /etc/n.conf", Some("sudo -n /usr/sbin/nginx -T -c /etc/n.conf")),
            ("nginx -c /etc/n.conf -t", Some("nginx -c /etc/n.conf -T")),
            ("docker exec -t proxy nginx -t", Some("docker exec -t proxy nginx -T")),
            ("nsenter --target 7 --mount nginx -t", Some("nsenter --target 7 --mount nginx -T")),
            ("openresty -t", Some("openresty -T")),
            ("true", None),
            ("nginx -s reload", None),
            ("./test-nginx -t", None),
        ] {
            assert_eq!(command(&words(test)), dump.map(words), "{test}");
        }
    }

    #[test]
    fn files_stand_behind_their_names_with_a_line_feed_more_than_they_have() {
        let dump =
            b"nginx: ok\n# configuration file /etc/nginx.conf:\nevents {}\n\n# configuration file /a b.conf:\nx 1;\
            \n# configuration file x:\ny;\n\n# configuration file /empty:\n\n";
        let found = files(dump);
        let expected: [(&str, &[u8]); 3] = [
            ("/etc/nginx.conf", b"events {}\n"),
            ("/a b.conf", b"x 1;\n# configuration file x:\ny;\n"),
            ("/empty", b""),
        ];
        assert_eq!(found, expected.map(|(path, content)| (PathBuf::from(path), content)));
        assert_eq!(files(b""), []);
    }
}

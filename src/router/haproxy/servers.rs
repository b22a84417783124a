//! The answer to `show servers state`, version 1 (HAProxy 1.6 and later).

/// Bits of `srv_admin_state` with which a server gets no new traffic: maintenance that was forced (01), inherited (02), for
/// want of an address (20) or by a failing name (40), and drain that was forced (08) or inherited (10). 04 only remembers that
/// the configuration said `disabled`.
const AWAY: u32 = 0x01 | 0x02 | 0x08 | 0x10 | 0x20 | 0x40;
/// Those of them that are maintenance.
const MAINT: u32 = 0x01 | 0x02 | 0x20 | 0x40;
/// `srv_op_state` of a server that is running.
const RUNNING: u32 = 2;
/// The bit of `srv_check_state` that says that the server is checked.
const CHECKED: u32 = 0x02;
/// `srv_check_result` of a check that passed, also conditionally.
const PASSED: [u32; 2] = [3, 4];

/// One server of a backend, as HAProxy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    operational: u32,
    admin: u32,
    weight: u32,
    check_result: u32,
    check_state: u32,
}

impl Server {
    /// Whether the administrator lets it take traffic.
    pub const fn is_ready(&self) -> bool {
        self.admin & AWAY == 0 && self.weight > 0
    }

    /// Whether it takes traffic now. HAProxy believes for a moment that a server which comes back is up: where it is checked,
    /// only a check that passed counts.
    pub fn is_up(&self) -> bool {
        let checked = self.check_state & CHECKED != 0;
        self.is_ready() && self.operational == RUNNING && (!checked || PASSED.contains(&self.check_result))
    }

    /// How it stands, in a word or two.
    pub fn state(&self) -> &'static str {
        if self.admin & MAINT != 0 {
            "in maintenance"
        } else if self.admin & AWAY != 0 {
            "draining"
        } else if self.weight == 0 {
            "with weight 0"
        } else if self.is_up() {
            "up"
        } else if self.operational == RUNNING {
            "not checked yet"
        } else {
            "DOWN"
        }
    }
}

/// Reads the whole answer. The columns are found by their names: versions add some at the end.
pub fn parse(answer: &str) -> Result<Vec<Server>, String> {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    let version = lines.next().unwrap_or_default();
    if version != "1" {
        return Err(format!("it begins with `{}`, not with version 1", shortened(version)));
    }
    let header = lines.next().and_then(|line| line.strip_prefix('#')).ok_or("its second line does not name columns")?;
    let header: Vec<&str> = header.split_whitespace().collect();
    let column =
        |name: &str| header.iter().position(|known| *known == name).ok_or(format!("it has no column `{name}`"));
    let name = column("srv_name")?;
    let numbers = [
        column("srv_op_state")?,
        column("srv_admin_state")?,
        column("srv_uweight")?,
        column("srv_check_result")?,
        column("srv_check_state")?,
    ];
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let unreadable = || format!("`{}` is no server", shortened(line));
            let name = (*fields.get(name).ok_or_else(unreadable)?).to_owned();
            let number = |at: usize| fields.get(at)?.parse().ok();
            let [operational, admin, weight, check_result, check_state] = numbers.map(number);
            let server = (|| {
                let (operational, admin, weight) = (operational?, admin?, weight?);
                Some(Server {
                    name,
                    operational,
                    admin,
                    weight,
                    check_result: check_result?,
                    check_state: check_state?,
                })
            })();
            server.ok_or_else(unreadable)
        })
        .collect()
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What HAProxy 2.6 printed: b1 is drained, g1 was `disabled` and set ready before its first check, x1 is not checked, and
    /// m1 is in maintenance.
    const ANSWER: &str = "1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change \
srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 app 1 b1 127.0.0.1 2 8 1 1 0 15 3 3 6 0 0 0 - 3901 - 0 0 - - 0
3 app 2 g1 127.0.0.1 2 4 1 1 0 1 0 2 6 0 0 0 - 3902 - 0 0 - - 0
3 app 3 x1 127.0.0.1 2 0 1 1 0 1 0 2 0 0 0 0 - 3903 - 0 0 - - 0
3 app 4 m1 127.0.0.1 0 1 1 1 0 8 2 0 14 0 0 0 - 3904 - 0 0 - - 0

";

    #[test]
    fn servers_are_read_with_what_counts_about_them() {
        let servers = parse(ANSWER).unwrap();
        let read: Vec<_> =
            servers.iter().map(|server| (&*server.name, server.is_ready(), server.is_up(), server.state())).collect();
        let expected = [
            ("b1", false, false, "draining"),
            ("g1", true, false, "not checked yet"),
            ("x1", true, true, "up"),
            ("m1", false, false, "in maintenance"),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_check_decides_where_there_is_one() {
        let line = |operational: u32, weight: u32, result: u32| {
            let answer = format!(
                "1\n# srv_name srv_op_state srv_admin_state srv_uweight srv_check_result srv_check_state\na {operational} 0 {weight} {result} 6\n"
            );
            parse(&answer).unwrap().remove(0)
        };
        assert_eq!((line(2, 1, 3).is_up(), line(2, 1, 3).state()), (true, "up"));
        assert_eq!((line(0, 1, 2).is_up(), line(0, 1, 2).state()), (false, "DOWN"));
        assert_eq!((line(2, 0, 3).is_ready(), line(2, 0, 3).state()), (false, "with weight 0"));
    }

    #[test]
    fn what_is_no_list_of_servers_is_refused_with_its_reason() {
        for (answer, reason) in [
            ("", "it begins with ``, not with version 1"),
            ("2\n# srv_name\n", "it begins with `2`, not with version 1"),
            ("1\nsrv_name\n", "its second line does not name columns"),
            ("1\n# srv_name srv_op_state\n", "it has no column `srv_admin_state`"),
            (
                "1\n# srv_name srv_op_state srv_admin_state srv_uweight srv_check_result srv_check_state\na 2 x 1 0 0\n",
                "`a 2 x 1 0 0` is no server",
            ),
        ] {
            assert_eq!(parse(answer).unwrap_err(), reason);
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(answer in "(1\n# srv_name srv_op_state srv_admin_state srv_uweight srv_check_result srv_check_state\n|)(.|\n)*") {
            let _ = parse(&answer);
        }
    }
}

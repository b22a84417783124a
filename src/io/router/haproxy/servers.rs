//! The answer to `show servers state`, version 1 (HAProxy 1.6 and later).

/// `srv_admin_state` bits (management.txt, "show servers state"): maintenance by hand, tracked server, or no address.
const FORCED_MAINT: u32 = 0x01;
const INHERITED_MAINT: u32 = 0x02;
const UNRESOLVED: u32 = 0x20;
const MAINT: u32 = FORCED_MAINT | INHERITED_MAINT | UNRESOLVED;
/// Forced drain, and inherited drain.
const FORCED_DRAIN: u32 = 0x08;
const DRAIN: u32 = FORCED_DRAIN | 0x10;
/// The configuration said `disabled`.
const DISABLED: u32 = 0x04;
/// `srv_op_state`: without traffic, and with its share, full or growing (`slowstart`).
const STOPPED: u32 = 0;
const STARTING: u32 = 1;
const RUNNING: u32 = 2;
/// `srv_check_state` bits: checked, and checks paused, as in maintenance.
const CHECKED: u32 = 0x02 | 0x04;
const PAUSED: u32 = 0x08;
/// `srv_check_result`: passed, also conditionally.
const PASSED: [u32; 2] = [3, 4];
/// `srv_addr` without an address (yet).
const NO_ADDRESS: [&str; 3] = ["-", "0.0.0.0", "::"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    /// From 0 to 256.
    pub weight: u32,
    pub initial_weight: u32,
    operational: u32,
    admin: u32,
    check_result: u32,
    check_state: u32,
    address: bool,
}

impl Server {
    pub const fn is_ready(&self) -> bool {
        self.admin & (MAINT | DRAIN) == 0 && self.weight > 0 && self.address
    }

    /// Taken out by maintenance, drain or weight 0.
    pub const fn is_out(&self) -> bool {
        self.is_in_maintenance() || self.is_draining() || self.weight == 0
    }

    /// By an administrator or HAProxy's configuration, not inherited.
    pub const fn is_in_maintenance(&self) -> bool {
        self.admin & FORCED_MAINT != 0
    }

    /// By an administrator, not inherited.
    pub const fn is_draining(&self) -> bool {
        self.admin & FORCED_DRAIN != 0
    }

    pub const fn is_disabled(&self) -> bool {
        self.admin & DISABLED != 0
    }

    /// False if its name does not resolve, or its slot is unused.
    pub const fn has_address(&self) -> bool {
        self.address
    }

    /// HAProxy gives it traffic once its name resolves.
    pub const fn waits_for_address(&self) -> bool {
        self.admin & UNRESOLVED != 0
    }

    /// A returning server briefly counts as up in HAProxy: if it is checked, a check must have passed.
    pub fn is_up(&self) -> bool {
        let checked = self.check_state & CHECKED == CHECKED;
        let running = self.operational == RUNNING || self.operational == STARTING;
        self.is_ready() && running && (!checked || PASSED.contains(&self.check_result))
    }

    pub const fn is_serving(&self) -> bool {
        self.is_ready() && self.operational != STOPPED
    }

    /// Checks, which also run while it drains, say that it is down.
    pub const fn is_known_down(&self) -> bool {
        self.operational == STOPPED && self.admin & MAINT == 0 && self.check_state & PAUSED == 0
    }

    pub fn state(&self) -> &'static str {
        if !self.address {
            "without an address"
        } else if self.admin & MAINT != 0 {
            "in maintenance"
        } else if self.is_known_down() {
            "DOWN"
        } else if self.admin & DRAIN != 0 {
            "draining"
        } else if self.weight == 0 {
            "with weight 0"
        } else if self.is_up() {
            "up"
        } else if self.operational == STOPPED {
            "DOWN"
        } else {
            "not checked yet"
        }
    }
}

/// Backups get no traffic while others are up: `show stat` (CSV, management.txt, section 9.1), column `bck`.
pub fn backups(answer: &str) -> Result<Vec<String>, String> {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    let header = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or("its first line does not name columns")?;
    let column =
        |name: &str| header.split(',').position(|known| known == name).ok_or(format!("it has no column `{name}`"));
    let (name, backup) = (column("svname")?, column("bck")?);
    let is_backup = |line: &&str| line.split(',').nth(backup) == Some("1");
    Ok(lines.filter(is_backup).filter_map(|line| line.split(',').nth(name)).map(str::to_owned).collect())
}

/// Reads the columns of `show servers state` by name: versions append some.
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
        column("srv_iweight")?,
        column("srv_check_result")?,
        column("srv_check_state")?,
    ];
    let address = column("srv_addr")?;
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let numbers = numbers.map(|at| fields.get(at)?.parse().ok());
            let server = (|| {
                let [operational, admin, weight, initial_weight, check_result, check_state] = numbers;
                Some(Server {
                    name: (*fields.get(name)?).to_owned(),
                    weight: weight?,
                    initial_weight: initial_weight?,
                    operational: operational?,
                    admin: admin?,
                    check_result: check_result?,
                    check_state: check_state?,
                    address: !NO_ADDRESS.contains(fields.get(address)?),
                })
            })();
            server.ok_or_else(|| format!("`{}` is not a server", shortened(line)))
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

    /// HAProxy 2.6: b1 drained, g1 `disabled` and ready before its first check, x1 not checked, m1 in maintenance.
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

    fn server(columns: &[(&str, &str)]) -> Server {
        let usual = [
            ("srv_name", "a"),
            ("srv_addr", "127.0.0.1"),
            ("srv_op_state", "2"),
            ("srv_admin_state", "0"),
            ("srv_uweight", "1"),
            ("srv_iweight", "1"),
            ("srv_check_result", "3"),
            ("srv_check_state", "6"),
        ];
        let value = |(name, usual): &(&str, &'static str)| {
            columns.iter().find(|(known, _)| known == name).map_or(*usual, |(_, value)| value).to_owned()
        };
        let names: Vec<_> = usual.iter().map(|(name, _)| *name).collect();
        let values: Vec<_> = usual.iter().map(value).collect();
        parse(&format!("1\n# {}\n{}\n", names.join(" "), values.join(" "))).unwrap().remove(0)
    }

    #[test]
    fn a_server_is_told_by_what_keeps_it_from_traffic() {
        let (op, admin, weight) = ("srv_op_state", "srv_admin_state", "srv_uweight");
        let (addr, result, check) = ("srv_addr", "srv_check_result", "srv_check_state");
        for (why, columns, ready, up, state) in [
            ("its check passed", &[][..], true, true, "up"),
            ("it starts slowly and gets its share", &[(op, "1")], true, true, "up"),
            ("its check failed", &[(op, "0"), (result, "2")], true, false, "DOWN"),
            ("its check has not run since", &[(result, "2")], true, false, "not checked yet"),
            ("its checks were turned off", &[(result, "2"), (check, "2")], true, true, "up"),
            ("its agent says down", &[(op, "0"), (result, "0"), (check, "0")], true, false, "DOWN"),
            ("weight 0", &[(weight, "0")], false, false, "with weight 0"),
            ("drained", &[(admin, "8")], false, false, "draining"),
            ("drained and known to be down", &[(admin, "8"), (op, "0")], false, false, "DOWN"),
            ("in maintenance", &[(admin, "1"), (op, "0"), (check, "14")], false, false, "in maintenance"),
            ("disabled in the file", &[(admin, "5"), (op, "0"), (check, "14")], false, false, "in maintenance"),
            ("only remembered as disabled", &[(admin, "4")], true, true, "up"),
            ("its tracked server is in maintenance", &[(admin, "2"), (op, "0")], false, false, "in maintenance"),
            ("its tracked server drains", &[(admin, "16")], false, false, "draining"),
            ("its name was set at runtime", &[(admin, "64")], true, true, "up"),
            ("its name does not resolve", &[(admin, "32"), (addr, "-"), (op, "0")], false, false, "without an address"),
            ("its place is kept free", &[(addr, "0.0.0.0")], false, false, "without an address"),
        ] {
            let server = server(columns);
            assert_eq!((server.is_ready(), server.is_up(), server.state()), (ready, up, state), "{why}");
        }
    }

    #[test]
    fn a_drained_server_is_known_to_be_down_and_one_in_maintenance_is_not() {
        let known = |admin: &str, check: &str| {
            server(&[("srv_admin_state", admin), ("srv_op_state", "0"), ("srv_check_state", check)]).is_known_down()
        };
        assert!(known("8", "6") && known("0", "6"));
        assert!(!known("1", "14") && !known("8", "14") && !known("32", "6"));
    }

    #[test]
    fn what_is_no_list_of_servers_is_refused_with_its_reason() {
        for (answer, reason) in [
            ("", "it begins with ``, not with version 1"),
            ("2\n# srv_name\n", "it begins with `2`, not with version 1"),
            ("1\nsrv_name\n", "its second line does not name columns"),
            ("1\n# srv_name srv_op_state\n", "it has no column `srv_admin_state`"),
            (&format!("1\n# {COLUMNS}\na - 2 x 1 1 0 0\n"), "`a - 2 x 1 1 0 0` is not a server"),
            (&format!("1\n# {COLUMNS}\na -\n"), "`a -` is not a server"),
        ] {
            assert_eq!(parse(answer).unwrap_err(), reason);
        }
    }

    const COLUMNS: &str =
        "srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_result srv_check_state";

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(head in 0..2, rest in "(.|\n)*") {
            let head = if head == 0 { String::new() } else { format!("1\n# {COLUMNS}\n") };
            let _ = parse(&format!("{head}{rest}"));
        }
    }

    #[test]
    fn backups_are_named_by_the_statistics() {
        let answer = "# pxname,svname,qcur,act,bck,chkfail\napp,b1,0,1,0,0\napp,g1,0,0,1,0\n\n";
        assert_eq!(backups(answer).unwrap(), ["g1"]);
        assert!(backups("").unwrap_err().contains("does not name columns"));
        assert_eq!(backups("# pxname,svname\n").unwrap_err(), "it has no column `bck`");
    }
}

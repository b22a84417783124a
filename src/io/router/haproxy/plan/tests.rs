use Color::{Blue, Green};

use super::*;
use crate::io::router::haproxy::servers::parse;

const READY: u32 = 0;
const MAINT: u32 = 1;
const DISABLED: u32 = 5;
const DRAIN: u32 = 8;
const UNRESOLVED: u32 = 0x20;

/// Servers with their admin state and weight now; each has weight 1 in the configuration.
fn servers(list: &[(&str, u32, u32)]) -> Vec<Server> {
    let line = |(name, admin, weight): &(&str, u32, u32)| {
        let address = if admin & UNRESOLVED == 0 { "127.0.0.1" } else { "-" };
        format!("{name} {address} 2 {admin} {weight} 1 3 6\n")
    };
    let head =
        "srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_result srv_check_state";
    parse(&format!("1\n# {head}\n{}", list.iter().map(line).collect::<String>())).unwrap()
}

/// HAProxy as a plan would leave it.
struct Backend {
    blue: Vec<(&'static str, u32, u32)>,
    green: Vec<(&'static str, u32, u32)>,
    known: Parked,
    away: Option<Away>,
}

impl Backend {
    fn new(blue: &[(&'static str, u32, u32)], green: &[(&'static str, u32, u32)]) -> Self {
        Self { blue: blue.to_vec(), green: green.to_vec(), known: Parked::default(), away: None }
    }

    fn with(self, away: Away) -> Self {
        Self { away: Some(away), ..self }
    }

    fn plan(&self, to: Color) -> Plan {
        let (blue, green) = (servers(&self.blue), servers(&self.green));
        let (blue, green): (Vec<_>, Vec<_>) = (blue.iter().collect(), green.iter().collect());
        let (coming, going) = if to == Blue { (&blue, &green) } else { (&green, &blue) };
        plan(to, Servers { coming, going }, self.away, &self.known)
    }

    fn set(&mut self, name: &str, change: impl Fn(&mut (&'static str, u32, u32))) {
        self.blue.iter_mut().chain(&mut self.green).filter(|server| server.0 == name).for_each(change);
    }

    fn raise(&mut self, plan: &Plan) {
        for raise in &plan.raise {
            self.set(&raise.server.name, |server| {
                server.1 &= if raise.ready { !(MAINT | DRAIN) } else { !0 };
                server.2 = raise.weight.unwrap_or(server.2);
            });
        }
    }

    fn put_away(&mut self, server: &Server, way: Way) {
        self.set(&server.name, |server| match way {
            Way::Drain => server.1 |= DRAIN,
            Way::Maint => server.1 |= MAINT,
            Way::Weight => server.2 = 0,
        });
    }

    /// The whole move.
    fn move_to(&mut self, to: Color) -> Plan {
        let plan = self.plan(to);
        self.raise(&plan);
        plan.away.iter().for_each(|server| self.put_away(server, plan.way));
        self.known = plan.done.clone();
        plan
    }

    /// The names of the servers that take traffic.
    fn serving(&self) -> Vec<&str> {
        let all = self.blue.iter().chain(&self.green);
        all.filter(|(_, admin, weight)| admin & !0x04 == 0 && *weight > 0).map(|(name, ..)| *name).collect()
    }
}

fn names(servers: &[Server]) -> Vec<&str> {
    servers.iter().map(|server| &*server.name).collect()
}

#[test]
fn a_color_that_is_parked_as_a_whole_comes_back_however_it_was_parked() {
    for admin in [MAINT, DISABLED, DRAIN] {
        let mut backend = Backend::new(&[("b1", READY, 1), ("b2", READY, 1)], &[("g1", admin, 1), ("g2", MAINT, 1)]);
        assert_eq!(names(&backend.move_to(Green).stay), [""; 0]);
        assert_eq!(backend.serving(), ["g1", "g2"]);
        backend.move_to(Blue);
        assert_eq!(backend.serving(), ["b1", "b2"]);
    }
}

#[test]
fn a_server_that_was_out_while_its_color_served_stays_out_and_is_named() {
    for away in [None, Some(Away::Drain), Some(Away::Maint), Some(Away::Weight)] {
        for (admin, weight) in [(MAINT, 1), (DISABLED, 1), (DRAIN, 1), (READY, 0)] {
            let blue = [("b1", READY, 1), ("b2", admin, weight)];
            let mut backend = Backend { away, ..Backend::new(&blue, &[("g1", MAINT, 1)]) };
            assert_eq!(names(&backend.move_to(Green).away), ["b1"]);
            assert_eq!(backend.serving(), ["g1"]);
            let plan = backend.move_to(Blue);
            assert_eq!((names(&plan.stay), &plan.counted[..]), (vec!["b2"], &["b1".to_owned()][..]));
            assert_eq!(backend.serving(), ["b1"], "{away:?} {admin} {weight}");
            // Once it is well it takes part again, from the next move on.
            backend.set("b2", |server| (server.1, server.2) = (READY, 1));
            backend.move_to(Green);
            assert_eq!(names(&backend.move_to(Blue).stay), [""; 0]);
            assert_eq!(backend.serving(), ["b1", "b2"]);
        }
    }
}

#[test]
fn the_record_says_nothing_once_what_was_put_away_came_back_by_another_hand() {
    let mut backend = Backend::new(&[("b1", READY, 1), ("b2", MAINT, 1)], &[("g1", MAINT, 1)]);
    backend.move_to(Green);
    // HAProxy was restarted: its file parks blue as a whole.
    let restarted = Backend {
        blue: vec![("b1", DISABLED, 1), ("b2", DISABLED, 1)],
        known: backend.known.clone(),
        ..Backend::new(&[], &[("g1", READY, 1)])
    };
    assert_eq!(names(&restarted.plan(Blue).stay), [""; 0]);
    // Somebody tries out one of blue's servers while green serves.
    backend.set("b1", |server| server.1 = READY);
    assert_eq!(names(&backend.plan(Blue).stay), ["b2"]);
}

#[test]
fn a_move_that_was_cut_off_is_carried_through_and_can_be_undone() {
    let begin = || Backend::new(&[("b1", READY, 1), ("b2", READY, 1)], &[("g1", MAINT, 1), ("g2", MAINT, 1)]);
    for raised in 0..=2 {
        for put_away in 0..=2 {
            let mut backend = begin();
            let plan = backend.plan(Green);
            backend.raise(&Plan { raise: plan.raise[..raised].to_vec(), ..plan.clone() });
            plan.away[..put_away].iter().for_each(|server| backend.put_away(server, plan.way));
            backend.known = plan.begun;
            let mut undone = Backend { known: backend.known.clone(), ..Backend::new(&backend.blue, &backend.green) };
            backend.move_to(Green);
            assert_eq!(backend.serving(), ["g1", "g2"], "{raised} raised, {put_away} put away");
            undone.move_to(Blue);
            assert_eq!(undone.serving(), ["b1", "b2"], "{raised} raised, {put_away} put away");
            undone.move_to(Green);
            assert_eq!(undone.serving(), ["g1", "g2"], "{raised} raised, {put_away} put away");
        }
    }
}

#[test]
fn servers_that_wait_with_weight_0_get_a_weight_and_the_others_lose_theirs() {
    let mut backend = Backend::new(&[("b1", READY, 1), ("b2", READY, 7)], &[("g1", READY, 0), ("g2", READY, 0)]);
    let plan = backend.move_to(Green);
    assert_eq!((plan.way, backend.serving()), (Way::Weight, vec!["g1", "g2"]));
    assert_eq!(backend.blue, [("b1", READY, 0), ("b2", READY, 0)]);
    backend.move_to(Blue);
    assert_eq!(backend.blue, [("b1", READY, 1), ("b2", READY, 7)], "each has the weight that it served with");
    assert_eq!(backend.green, [("g1", READY, 0), ("g2", READY, 0)]);

    let mut configured = Backend::new(&[("b1", READY, 1)], &[("g1", READY, 0)]).with(Away::Maint);
    assert_eq!(configured.move_to(Green).way, Way::Maint, "what is configured counts");
    assert_eq!(configured.serving(), ["g1"]);
    let mut both = Backend::new(&[("b1", READY, 1)], &[("g1", MAINT, 0)]);
    assert_eq!(both.move_to(Green).way, Way::Drain);
    assert_eq!(both.serving(), ["g1"]);
}

#[test]
fn a_weight_is_the_last_one_else_the_configured_one_else_that_of_the_servers_beside_it() {
    let weight = |initial: u32, beside: u32, ours: Option<u32>| {
        let text = format!(
            "1\n# srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_result srv_check_state\na - 2 0 0 {initial} 3 6\nb - 2 0 {beside} 1 3 6\n"
        );
        let servers = parse(&text).unwrap();
        let ours = ours.map(|weight| Ours { way: Way::Weight, weight });
        served_with(&servers[0], ours.as_ref(), &[&servers[1]])
    };
    assert_eq!(weight(3, 5, Some(7)), 7);
    assert_eq!(weight(3, 5, Some(0)), 3);
    assert_eq!(weight(3, 5, None), 3);
    assert_eq!(weight(0, 5, None), 5);
    assert_eq!(weight(0, 0, None), 100);
}

#[test]
fn a_server_without_an_address_is_not_waited_for_and_serves_once_its_name_resolves() {
    let parked = MAINT | UNRESOLVED;
    let mut backend = Backend::new(&[("b1", READY, 1)], &[("g1", MAINT, 1), ("g2", parked, 1)]);
    let plan = backend.move_to(Green);
    assert_eq!((names(&plan.absent), &plan.counted[..]), (vec!["g2"], &["g1".to_owned()][..]));
    assert_eq!(backend.green, [("g1", READY, 1), ("g2", UNRESOLVED, 1)]);
    assert_eq!(names(&backend.move_to(Blue).away), ["g1", "g2"], "it must not come up behind our back");
    let none = Backend::new(&[("b1", READY, 1)], &[("g1", parked, 1)]);
    assert_eq!(none.plan(Green).counted, [""; 0]);
}

#[test]
fn a_move_to_the_color_that_serves_alone_changes_nothing() {
    let mut backend = Backend::new(&[("b1", READY, 1), ("b2", MAINT, 1)], &[("g1", MAINT, 1)]);
    backend.move_to(Green);
    let before = (backend.blue.clone(), backend.green.clone(), backend.known.clone());
    let plan = backend.move_to(Green);
    assert!(plan.raise.is_empty() && plan.away.is_empty());
    assert_eq!((backend.blue.clone(), backend.green.clone(), backend.known.clone()), before);
    backend.move_to(Blue);
    assert_eq!(backend.serving(), ["b1"]);
}

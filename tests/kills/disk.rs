//! A disk without room: on a small tmpfs of its own.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::background::{Background, Started};
use support::Deployment;

/// A mounted tmpfs of 2 MiB with the data folder of a deployment, or with all of it; unmounted when dropped.
pub struct Disk(PathBuf);

impl Disk {
    pub fn of(deployment: &Deployment) -> Self {
        Self::mount(deployment.path(".switchback"))
    }

    /// The state file lies on it as well.
    fn with_the_state_file_of(deployment: &Deployment) -> Self {
        let files = deployment.files();
        let disk = Self::mount(deployment.folder().to_owned());
        for (path, bytes) in files {
            fs::write(path, bytes).unwrap();
        }
        disk
    }

    pub fn mount(path: PathBuf) -> Self {
        fs::create_dir_all(&path).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs"]).arg(&path).status();
        assert!(mount.unwrap().success(), "a tmpfs cannot be mounted: run this test as root");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves no room.
    pub fn fill(&self) {
        let mut filler = File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }
}

/// Leaves no room behind the journal's last line: a file has its blocks to itself, and what fits into the last one is
/// written however full the disk is.
fn fill_the_last_block(deployment: &Deployment) {
    let room = || 4_096 - fs::metadata(deployment.journal_path()).unwrap().len() % 4_096;
    for order in ["pause", "resume"].iter().cycle() {
        match room() {
            0..450 => return,
            room => {
                let filler = "x".repeat(usize::try_from(room.saturating_sub(700)).unwrap().min(450));
                deployment.run(&["ctl", order, "--reason", &format!("-{filler}")]).expect(0);
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn soak(deployment: &Deployment, args: &[&str]) -> Background {
    match Background::start(deployment, args) {
        Started::Running(monitor) => monitor,
        Started::Over(done) => panic!("it ended at once: {done:#?}"),
    }
}

#[test]
#[ignore = "slow, needs root: asked for with --run-ignored"]
fn on_a_full_disk_a_bad_release_is_rolled_back_all_the_same_and_what_was_not_written_is_told() {
    let deployment = Deployment::switched().with("soak.window", "5m").with("soak.interval", "100ms");
    let disk = Disk::of(&deployment);
    let monitor = soak(&deployment, &["soak"]);
    let mut attached = deployment.start(&["attach"]);
    attached.hear("soak_start");
    fill_the_last_block(&deployment);
    disk.fill();
    deployment.green.fail(50);
    let done = attached.wait().expect(3);
    done.says(&["ROLLED BACK: blue is active again", "trouble", "cannot write the decision journal"]);
    monitor.wait(|| false);
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&"blue".into(), &"rolled-back".into()), "{state}");
    assert_eq!((deployment.count("breach"), deployment.count("rolled_back")), (0, 1), "room was kept for what matters");
    fs::remove_file(disk.0.join("filler")).unwrap();
    deployment.run(&["verify"]).expect(0);
}

#[test]
#[ignore = "slow, needs root: asked for with --run-ignored"]
fn room_is_kept_for_the_state_file_as_well() {
    let deployment = Deployment::switched().with("soak.window", "5m").with("soak.interval", "100ms");
    let disk = Disk::with_the_state_file_of(&deployment);
    let monitor = soak(&deployment, &["soak"]);
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    fill_the_last_block(&deployment);
    disk.fill();
    assert!(fs::write(deployment.path("more"), [0; 8_192]).is_err(), "the disk is full");
    deployment.green.fail(50);
    // With this router the state file is what moves traffic.
    deployment.wait_until("traffic is back", |deployment| deployment.state()["activeColor"] == "blue");
    monitor.wait(|| false);
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 1));
    fs::remove_file(disk.0.join("filler")).unwrap();
    deployment.run(&["verify"]).expect(0);
    deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

#[test]
#[ignore = "slow, needs root: asked for with --run-ignored"]
fn a_monitor_killed_on_a_full_disk_is_followed_by_one_that_still_rolls_back() {
    let deployment = Deployment::switched().with("soak.window", "5m").with("soak.interval", "100ms");
    let disk = Disk::of(&deployment);
    let monitor = soak(&deployment, &["soak"]);
    deployment.wait_until("shown in the state file", |deployment| deployment.state_text().contains("watching"));
    disk.fill();
    std::thread::sleep(std::time::Duration::from_millis(500));
    monitor.kill();
    monitor.wait(|| false);
    deployment.green.fail(50);
    let again = soak(&deployment, &["soak", "--resume"]);
    again.wait(|| false);
    let state = deployment.state();
    assert_eq!((&state["activeColor"], &state["soak"]["outcome"]), (&"blue".into(), &"rolled-back".into()), "{state}");
}

//! The `deploy:*` scripts of a `package.json`, with `.deployment-state.json`.

use super::{Choice, Look, Setting};
use crate::app::project::shell::Command;
use crate::app::project::{service, standby};

pub fn find(look: &Look) -> Option<Choice> {
    let has = |name: &str| service::script(look.project, name).is_some();
    if !has("deploy:switch-green") {
        return None;
    }
    let manager = service::package_manager(look.project);
    let package = "package.json";
    let file = service::deploy_file(look.project);
    let does = file.and_then(|file| {
        let script = look.scripts.iter().find(|script| script.name == file.name)?;
        let is_state =
            |command: &Command| command.output.as_ref().is_some_and(|output| script.fill(output).contains(".json"));
        let moves = script.commands.iter().find(|command| standby::is_move(script, command) && !is_state(command))?;
        Some((file, moves.place.line))
    });
    let Some((file, line)) = does else {
        let of = file.map_or(package, |file| file.name.as_str());
        let reason = format!("{of} keeps .deployment-state.json and moves nothing else: the proxy follows that file");
        return Some(Choice { settings: vec![Setting::text("router.kind", "state-file", reason)], notes: Vec::new() });
    };
    let run = |script: &str| -> Vec<String> {
        let words =
            if manager == "npm" { vec!["npm", "run", "--silent", script] } else { vec![manager, "run", script] };
        words.into_iter().map(str::to_owned).collect()
    };
    let mut choice = Choice::default();
    let does = format!("{}:{line} does more than write the state file, so it does the moving", file.name);
    choice.settings.push(Setting::text("router.kind", "command", does));
    let both = has("deploy:switch-blue");
    let reason = format!("scripts of {package}");
    choice.settings.push(Setting::list("router.switch", run("deploy:switch-{color}"), reason.clone()));
    if has("deploy:rollback") && !both {
        choice.settings.push(Setting::list("router.rollback", run("deploy:rollback"), reason.clone()));
    }
    if !both {
        choice.notes.push(format!(
            "{package} has no script `deploy:switch-blue`: a switch to blue fails; a rollback from green to blue works"
        ));
    }
    if has("deploy:status") {
        choice.settings.push(Setting::list("router.read", run("deploy:status"), reason));
    }
    Some(choice)
}

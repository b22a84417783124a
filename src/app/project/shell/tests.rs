use super::*;
use crate::app::project::testing::{project, scripts};

fn script(name: &str, text: &str) -> Script {
    let project = project(&[(name, text)]);
    let none = || Script::new(&project.files[0]);
    scripts(&project).pop().unwrap_or_else(none)
}

/// The words of every command of a line.
fn words(text: &str) -> Vec<String> {
    script("x.sh", text).commands.iter().map(|command| command.words.join(" ")).collect()
}

#[test]
fn a_line_is_taken_apart_into_its_commands() {
    for (line, commands) in [
        ("nginx -t && nginx -s reload", vec!["nginx -t", "nginx -s reload"]),
        ("if ! curl -f 'http://a;b/'; then exit 1; fi # curl x", vec!["curl -f http://a;b/", "exit 1", "fi"]),
        ("sudo -n systemctl reload nginx", vec!["systemctl reload nginx"]),
        ("X=1 env Y=2 docker stop \"a b\"", vec!["docker stop a b"]),
        ("blue) kill -9 $PID ;;", vec!["kill -9 $PID"]),
        ("code=$(curl -s localhost/health) || true", vec!["curl -s localhost/health", "true"]),
        ("curl x 2>&1 | grep y", vec!["curl x", "grep y"]),
        ("docker run \\\n  -d app", vec!["docker run -d app"]),
    ] {
        assert_eq!(words(line), commands, "{line}");
    }
}

#[test]
fn what_is_written_into_a_file_is_known() {
    let of = |text: &str| {
        let script = script("x.sh", text);
        let command = script.commands.iter().find(|command| command.output.is_some()).unwrap();
        (script.fill(command.input.as_deref().unwrap_or_default()), command.output.clone().unwrap(), command.sudo)
    };
    let hole = |name: &str| format!("{HOLE}{name}{HOLE}");
    assert_eq!(of("echo \"$NEW\" > active"), (hole("NEW"), "active".to_owned(), false));
    assert_eq!(
        of("printf 'set $x %s;\\n' \"$NEW\" > f.inc"),
        (format!("set $x {};\n", hole("NEW")), "f.inc".to_owned(), false)
    );
    assert_eq!(
        of("echo \"set \\$url http://h:${PORT};\" | sudo tee /etc/f"),
        (format!("set $url http://h:{};", hole("PORT")), "/etc/f".to_owned(), true)
    );
    assert_eq!(
        of("cat > f <<EOF\nserver a:$PORT;\nEOF\necho x"),
        (format!("server a:{};", hole("PORT")), "f".to_owned(), false)
    );
    assert_eq!(of("cat <<'END' | tee f\nserver a;\nEND\n"), ("server a;".to_owned(), "f".to_owned(), false));
    assert_eq!(of("cat <<-EOF >> f\n\tx\n\tEOF\n").0, "\tx");
}

#[test]
fn variables_are_filled_in_as_far_as_one_value_is_known() {
    let script =
        script("x.sh", "DIR=/etc/nginx\nFILE=\"$DIR/active.conf\"\nPORT=$(pick)\nif x; then NEW=a; else NEW=b; fi\n");
    assert_eq!(script.fill("${FILE}"), "/etc/nginx/active.conf");
    assert_eq!(script.fill("$NEW-$PORT"), format!("{HOLE}NEW{HOLE}-{HOLE}PORT{HOLE}"));
    assert_eq!(script.fill("${OTHER:-/srv}/x \\$y $"), "/srv/x $y $");
    assert_eq!(script.values("NEW"), ["a", "b"]);
    assert_eq!(script.place("FILE").to_string(), "x.sh:2");
}

#[test]
fn a_variable_that_is_itself_ends() {
    let script = script("x.sh", "A=$B\nB=$A\n");
    assert!(script.fill("$A").contains(HOLE));
}

#[test]
fn javascript_and_python_run_the_same_commands() {
    for (name, text, command) in [
        ("d.ts", "execSync('nginx -s reload');", "nginx -s reload"),
        ("d.ts", "await exec(`docker stop app-${old.color}`);", "docker stop app-${old_color}"),
        ("d.ts", "spawnSync('docker', ['stop', name]);", "docker stop ${name}"),
        ("d.mjs", "await $`ln -sfn ${color}.conf active.conf`;", "ln -sfn ${color}.conf active.conf"),
        ("d.js", "fs.symlinkSync(`up-${c}.conf`, '/etc/active.conf');", "ln -sfn up-${c}.conf /etc/active.conf"),
        ("d.js", "fs.copyFileSync(path.join(__dirname, 'a.conf'), ACTIVE);", "cp \u{3}/a.conf ${ACTIVE}"),
        ("d.js", "run(\n  'systemctl reload nginx',\n);", "systemctl reload nginx"),
        (
            "d.py",
            "subprocess.run([\"ln\", \"-sfn\", f\"up-{color}.conf\", ACTIVE])",
            "ln -sfn up-${color}.conf ${ACTIVE}",
        ),
        ("d.py", "os.system('nginx -s reload')", "nginx -s reload"),
        ("d.py", "requests.get(f\"http://localhost:{port}/ready\")", "curl -f http://localhost:${port}/ready"),
    ] {
        let found: Vec<_> = script(name, text).commands.iter().map(|command| command.words.join(" ")).collect();
        assert_eq!(found, [command], "{text}");
    }
    let written = script("d.js", "fs.writeFileSync(FILE, `set $url http://a:${port};\\n`);");
    assert_eq!(written.commands[0].input.as_deref(), Some("set \\$url http://a:${port};\n"));
    assert_eq!(script("d.js", "const PORT = Number(process.env.PORT || 3001);\n").values("PORT"), ["3001"]);
}

#[test]
fn comments_and_prose_are_no_commands() {
    assert!(script("d.ts", "// execSync('nginx -s reload')\nconst X = 1;\n").commands.is_empty());
    assert!(words("# nginx -s reload\n").is_empty());
    assert!(scripts(&project(&[("a.conf", "server x;"), ("b.json", "{}")])).is_empty());
}

#[test]
fn yaml_and_package_json_have_command_lines_too() {
    let yaml = script(
        "ci.yml",
        "env:\n  BLUE_PORT: \"3001\"\nsteps:\n  - run: curl -f localhost/health\n  - run: |\n      sudo nginx -s reload\n",
    );
    assert_eq!(yaml.commands.len(), 2);
    assert_eq!(yaml.values("BLUE_PORT"), ["3001"]);
    let test = script("compose.yml", "healthcheck:\n  test: [\"CMD\", \"curl\", \"-f\", \"http://localhost/up\"]\n");
    assert_eq!(test.commands[0].words, ["curl", "-f", "http://localhost/up"]);
    let package = script("package.json", "{\n\"scripts\": {\n\"go\": \"nginx -t && nginx -s reload\"}}");
    assert_eq!((package.commands.len(), package.commands[0].place.to_string().as_str()), (2, "package.json:3"));
}

#[test]
fn torn_scripts_are_read_as_far_as_they_go() {
    for text in ["echo \"open", "cat <<EOF\nnever ends", "a=${b", "$(", "x=$($(y", "'", "`", "echo ${", "\\"] {
        let _ = words(text);
        let _ = scripts(&project(&[("a.ts", text), ("b.py", text), ("c.yml", text), ("package.json", text)]));
    }
}

#[test]
fn secrets_of_a_command_are_not_shown() {
    let shown = |line: &str| script("x.sh", line).commands.pop().unwrap().shown();
    assert_eq!(
        shown("API_KEY=hidden curl -H 'X-Key: hidden' -u ana:hidden http://ana:hidden@localhost/up"),
        "curl -H … -u … http://…@localhost/up"
    );
    assert_eq!(shown("docker run DB_PASSWORD=hidden app"), "docker run DB_PASSWORD=… app");
    assert!(shown(&format!("echo {}", "x".repeat(5_000))).len() < 200);
}

#[test]
fn scripts_that_were_made_to_hurt_are_read_in_bounded_time() {
    let chain = (0..20)
        .fold("A0=x\n".to_owned(), |text, at| format!("{text}A{}={}\n", at + 1, format!("${{A{at}}}").repeat(20)));
    let deep = script("x.sh", &format!("{chain}curl $A20\n"));
    assert!(deep.fill("$A20").len() < 1 << 20);
    assert!(script("x.sh", &"a;".repeat(120_000)).commands.is_empty());
    assert!(script("x.sh", &"cp a b\n".repeat(25_000)).commands.len() <= MAX_COMMANDS);
    let _ = script("x.ts", &"f(".repeat(100_000));
    assert!(crate::app::project::instances::yaml(&"- ".repeat(10_000)).is_none());
}

//! The service's name, and what its `package.json` and `.gitignore` say.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::files::{File, Project, has_extension, name};
use super::instances::yaml;
use super::pattern;
use crate::io::texts::read_some;

/// Bytes of a git index.
const MAX_INDEX: u64 = 16 << 20;

/// The name of the service, with the reason; it is the folder's where the files say none.
pub fn name_of(project: &Project) -> (String, String) {
    let named = package(project).and_then(|(file, package)| {
        let name = package.get("name")?.as_str()?;
        Some((valid(name.rsplit('/').next()?)?, format!("the name in {}", file.name)))
    });
    let of_compose = || {
        let mut files = project.files.iter().filter(|file| is_compose(file));
        files.find_map(|file| Some((valid(yaml(&file.text)?["name"].as_str()?)?, format!("the name in {}", file.name))))
    };
    let of_folder = || Some((valid(name(&project.root))?, "the name of the folder".to_owned()));
    let unknown = || ("app".to_owned(), "neither the files nor the folder have a name for it".to_owned());
    named.or_else(of_compose).or_else(of_folder).unwrap_or_else(unknown)
}

/// What a service may be called.
fn valid(text: &str) -> Option<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text: String = text.chars().map(plain).collect();
    let text: String = text.trim_matches('-').chars().take(63).collect();
    let text = text.trim_end_matches('-');
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_compose(file: &File) -> bool {
    let name = name(&file.path);
    name.contains("compose") && has_extension(name, &["yml", "yaml"])
}

/// The `package.json` of the project's own folder.
pub fn package(project: &Project) -> Option<(&File, Map<String, Value>)> {
    let file = project.file(&project.root.join("package.json"))?;
    let Ok(Value::Object(package)) = serde_json::from_slice(file.text.as_bytes()) else { return None };
    Some((file, package))
}

/// Its script of this name.
pub fn script(project: &Project, name: &str) -> Option<String> {
    let (_, package) = package(project)?;
    package.get("scripts")?.get(name)?.as_str().map(str::to_owned)
}

/// The file that the `deploy:*` scripts run.
pub fn deploy_file(project: &Project) -> Option<&File> {
    static FILE: LazyLock<Regex> = LazyLock::new(|| pattern(r"([\w./-]+\.(?:ts|mts|cts|js|mjs|cjs|sh))\b"));
    let line =
        ["deploy:switch-green", "deploy:rollback", "deploy:status"].iter().find_map(|name| script(project, name))?;
    let path = project.path(&FILE.captures(&line)?[1]);
    project.file(&path)
}

/// The package manager that the project is locked to.
pub fn package_manager(project: &Project) -> &'static str {
    let managers = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lockb", "bun"), ("bun.lock", "bun")];
    managers.into_iter().find(|(lock, _)| project.root.join(lock).exists()).map_or("npm", |(_, manager)| manager)
}

/// Whether a file is committed to git, or will be: its name stands in the index.
pub fn is_tracked(project: &Project, file: &str) -> bool {
    let index = read_some(&project.root.join(".git/index"), MAX_INDEX);
    index.is_ok_and(|(bytes, _)| memchr::memmem::find(&bytes, file.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::project::testing::project;

    #[test]
    fn the_service_is_called_as_its_package_or_its_folder() {
        assert_eq!(name_of(&project(&[("package.json", r#"{"name": "@acme/Checkout_API"}"#)])).0, "checkout-api");
        assert_eq!(name_of(&project(&[("compose.yaml", "name: till\nservices: {}\n")])).0, "till");
        assert_eq!(name_of(&project(&[("package.json", "{ broken")])).0, "shop");
        let long = format!("{{\"name\": \"{}.x\"}}", "a".repeat(62));
        assert_eq!(name_of(&project(&[("package.json", &long)])).0, "a".repeat(62));
    }

    #[test]
    fn the_script_behind_the_npm_scripts_is_found() {
        let package = r#"{"scripts": {"deploy:switch-green": "ts-node scripts/deploy.ts switch-green"}}"#;
        let project = project(&[("package.json", package), ("scripts/deploy.ts", "x")]);
        assert_eq!(deploy_file(&project).unwrap().name, "scripts/deploy.ts");
        assert_eq!(script(&project, "deploy:switch-blue"), None);
    }
}

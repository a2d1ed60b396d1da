//! Keeps the data folder private to its owner, and makes new files survive a power cut.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The files contain contacts and keys, so only the owner of the folder may read it and its files.
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The permissions of the group and of all others.
const NOT_OWNER: u32 = 0o077;
/// Marks a folder that several users share, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// Creates the folder, readable only by its owner, if it does not exist.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|ancestor| !is_existing(ancestor)).collect();
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    missing.into_iter().try_for_each(sync_parent)
}

/// Opens or creates a file. A new file is readable only by its owner.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let is_new = !path.exists();
    let file = OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(path)?;
    if is_new {
        file.sync_all()?;
        sync_parent(path)?;
    }
    Ok(file)
}

/// Creates a file with this content, readable only by its owner. Writes a temporary file and renames it, so that a crash
/// leaves no incomplete file.
pub fn create(path: &Path, content: &str) -> io::Result<()> {
    let temporary = path.with_added_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(FILE_MODE).open(&temporary)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// Writes the entry of a new or renamed file to the disk. Otherwise a power cut could lose it.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Makes the folder, the database, its log and index, the lock and the keys private if other users can access them.
pub fn make_private(folder: &Path) -> io::Result<()> {
    let mode = fs::metadata(folder)?.mode();
    if mode & STICKY == 0 {
        make_path_private(folder, FOLDER_MODE)?;
    } else {
        tracing::warn!(folder = %folder.display(), "other users share the data folder; choose another with --data");
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A link is left alone, because its target may belong to another program.
        if is_private(&entry.file_name()) && entry.file_type()?.is_file() {
            make_path_private(&entry.path(), FILE_MODE)?;
        }
    }
    Ok(())
}

fn is_existing(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.exists()
}

fn is_private(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("countmein.") || name.ends_with(".key")
}

fn make_path_private(path: &Path, private: u32) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let mode = metadata.mode() & 0o777;
    if mode & NOT_OWNER == 0 {
        return Ok(());
    }
    let (path_shown, before, after) = (path.display(), format!("{mode:04o}"), format!("{:04o}", mode & private));
    match fs::set_permissions(path, Permissions::from_mode(mode & private)) {
        Ok(()) => {
            tracing::warn!(path = %path_shown, before, after, "other users could access a file; made it private");
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let owner = metadata.uid();
            tracing::warn!(
                path = %path_shown, owner, mode = before,
                "other users can access a file, and its mode cannot be changed because it belongs to another user; \
                 make the server's user its owner"
            );
            Ok(())
        }
        Err(error) => Err(error),
    }
}

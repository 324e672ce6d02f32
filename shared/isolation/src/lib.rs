#![doc = include_str!("../README.md")]

mod answering;
mod asking;

pub use asking::Reader;

/// What a process is started with to read one workbook and end.
const WORD: &str = "read-one-workbook";

/// Begins a program that reads workbooks. `true`: this process was started to read one, has done so, and is to end. `false`: it is the
/// program itself, and from now on reads them in processes of their own.
pub fn entered() -> bool {
    if std::env::args_os().nth(1).is_some_and(|word| word == WORD) {
        answering::answer();
        return true;
    }
    validation::workbooks::read_apart(Box::new(Reader::own()));
    false
}

//! Tests of the whole service; they stand in `it/`, as one program.

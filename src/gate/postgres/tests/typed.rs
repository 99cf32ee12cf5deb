//! Values in binary format.

use bytes::BytesMut;
use postgres_protocol::{IsNull, types};

use crate::gate::postgres::values::text;

fn binary(bytes: &[u8], oid: u32) -> String {
    text(bytes, oid, 1)
}

#[test]
fn known_types_are_read() {
    let uuid = [0x12; 16];
    for (bytes, oid, expected) in [
        (&b"\x01"[..], 16, "true"),
        (&(-7_i64).to_be_bytes()[..], 20, "-7"),
        (&7_i16.to_be_bytes()[..], 21, "7"),
        (&7_i32.to_be_bytes()[..], 23, "7"),
        (&4_000_000_000_u32.to_be_bytes()[..], 26, "4000000000"),
        (&1.5_f32.to_be_bytes()[..], 700, "1.5"),
        (&(-0.25_f64).to_be_bytes()[..], 701, "-0.25"),
        ("é".as_bytes(), 1043, "é"),
        (b"\x01{}", 3802, "{}"),
        (&uuid[..], 2950, "12121212-1212-1212-1212-121212121212"),
        (&0_i32.to_be_bytes()[..], 1082, "2000-01-01"),
        (&(-1_i32).to_be_bytes()[..], 1082, "1999-12-31"),
        (&i32::MAX.to_be_bytes()[..], 1082, "infinity"),
        (
            &(-1_i64).to_be_bytes()[..],
            1114,
            "1999-12-31 23:59:59.999999",
        ),
        (
            &86_400_500_000_i64.to_be_bytes()[..],
            1184,
            "2000-01-02 00:00:00.5+00",
        ),
        (&3_661_000_000_i64.to_be_bytes()[..], 1083, "01:01:01"),
        (b"\xde\xad", 17, "\\xdead"),
        (&[7; 20][..], 17, "\\x070707070707070707070707…"),
        // A length that does not belong to the type.
        (b"\x01\x02", 23, "\\x0102"),
    ] {
        assert_eq!(binary(bytes, oid), expected, "{oid}");
    }
    assert_eq!(text(b"7", 20, 0), "7");
}

#[test]
fn numbers_with_digits_in_groups_are_read() {
    let numeric = |weight: i16, sign: u16, scale: u16, digits: &[u16]| {
        let count = u16::try_from(digits.len()).unwrap();
        let head = [count, weight.cast_unsigned(), sign, scale];
        let all = head
            .iter()
            .chain(digits)
            .flat_map(|short| short.to_be_bytes());
        binary(&all.collect::<Vec<_>>(), 1700)
    };
    assert_eq!(numeric(0, 0, 0, &[]), "0");
    assert_eq!(numeric(0, 0, 2, &[]), "0.00");
    assert_eq!(numeric(0, 0, 2, &[12, 3400]), "12.34");
    assert_eq!(numeric(1, 0x4000, 0, &[1]), "-10000");
    assert_eq!(numeric(1, 0, 1, &[123, 4567, 8000]), "1234567.8");
    assert_eq!(numeric(-2, 0, 8, &[5]), "0.00000005");
    assert_eq!(numeric(0, 0xC000, 0, &[]), "NaN");
    assert!(numeric(0, 0, 0, &[10_000]).starts_with("\\x"));
    assert!(numeric(i16::MAX, 0, u16::MAX, &[]).starts_with("\\x"));
}

#[test]
fn arrays_are_read() {
    let mut bytes = BytesMut::new();
    let member = |value: Option<i64>, to: &mut BytesMut| {
        value.map_or(Ok(IsNull::Yes), |value| {
            types::int8_to_sql(value, to);
            Ok(IsNull::No)
        })
    };
    let dimension = types::ArrayDimension {
        len: 3,
        lower_bound: 1,
    };
    let members = [Some(1), None, Some(3)];
    types::array_to_sql([dimension], 20, members, member, &mut bytes).unwrap();
    assert_eq!(binary(&bytes, 1016), "{1,NULL,3}");
    assert!(binary(&bytes[..9], 1016).starts_with("\\x"));
}

package coupon;

import java.util.Set;
import org.hibernate.boot.model.naming.CamelCaseToUnderscoresNamingStrategy;
import org.hibernate.boot.model.naming.Identifier;
import org.hibernate.engine.jdbc.env.spi.JdbcEnvironment;

/** The names of the tables and keys: TABLE_PREFIX and KIND in front of each. */
public class Tables extends CamelCaseToUnderscoresNamingStrategy {
    public static final String KIND = System.getenv().getOrDefault("KIND", "count-insert");
    public static final String PREFIX = System.getenv().getOrDefault("TABLE_PREFIX", "coupon_hunt") + "_" + KIND.replace('-', '_');

    private static final Set<String> UNIQUE = Set.of("incr-rollback", "conditional-update", "incr-compensate");

    @Override
    public Identifier toPhysicalTableName(Identifier name, JdbcEnvironment environment) {
        return Identifier.toIdentifier(PREFIX + "_" + name.getText().toLowerCase());
    }

    /** Whether the table of coupons has a unique key on the user. */
    public static boolean hasUniqueKey() {
        return UNIQUE.contains(KIND);
    }

    public static String key(String part) {
        return PREFIX + ":" + part;
    }
}

package coupon;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;

@Entity
public class Event {
    @Id
    private Integer id;

    private int issued;

    @Column(name = "limit_n")
    private int limitN;

    protected Event() {}

    public int getIssued() {
        return issued;
    }

    public void setIssued(int issued) {
        this.issued = issued;
    }

    public int getLimitN() {
        return limitN;
    }
}

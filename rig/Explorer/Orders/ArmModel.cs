namespace Lab.Explorer.Orders;

/// <summary>ARMv8: other-multi-copy-atomic, orders by dependencies, ldar or ldapr, stlr, dmb.</summary>
/// <remarks>Source: the official model of 2020 (Deacon; Alglave and others, "Armed Cats", TOPLAS 2021), without isb and without
/// what needs register-level dependencies. Read-modify-writes are single instructions (LSE): with both acquire and release they
/// are a full fence. Of C11, seq_cst is ldar and stlr, an acquire fence dmb.ld, any other dmb. Dependencies are those of the
/// source: a compiler may break what C does not protect.</remarks>
/// <param name="hasLdapr">Acquire loads are ldapr, which earlier stlr do not wait for, instead of ldar.</param>
internal sealed class ArmModel(bool hasLdapr) : OrderModel
{
    internal override string Name => hasLdapr ? "arm-ldapr" : "arm";

    internal override string Story => hasLdapr ? "ARMv8, acquire loads by ldapr" : "ARMv8, acquire loads by ldar";

    internal override bool HasLoadBuffering => true;

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        EventSet dmb = x.Where(e => e.Fence is FenceKind.Full or FenceKind.GracePeriod or FenceKind.BeforeAtomic
            or FenceKind.AfterAtomic or FenceKind.AfterSpinLock or FenceKind.Release or FenceKind.AcquireRelease
            or FenceKind.Sequential);
        EventSet acquire = x.Acquire | (x.Full & x.R);
        // What is not a plain load has no ldapr form, and C11's sequentially consistent loads are no ldapr.
        EventSet a = hasLdapr ? acquire & (x.Atomic | x.Sequential) : acquire;
        EventSet l = x.Release | (x.Full & x.W);

        Relation lrs = (x.W >> x.PoLoc >> x.R) - (x.PoLoc >> x.W >> x.PoLoc);
        Relation dob = x.Addr | x.Data | (x.Ctrl >> x.W) | (x.Addr >> x.Po >> x.W) | ((x.Addr | x.Data) >> lrs);
        Relation aob = x.Rmw | (x.Rmw.Range >> lrs >> acquire);
        Relation bob = x.Across(dmb)
            | (x.Po >> (a >> x.Rmw >> l) >> x.Po)
            | (l >> x.Po >> a)
            | ((x.R - x.Blind) >> x.Across(x.Fences(FenceKind.Load, FenceKind.Acquire)))
            | (acquire >> x.Po)
            | (x.W >> x.Across(x.Fences(FenceKind.Store)) >> x.W)
            | (x.Po >> l);
        Relation lob = x.M >> ((x.PoLoc >> x.W) | dob | aob | bob) >> x.M;
        Relation sameInstruction = (x.Rmw | x.Rmw.Inverse).Maybe;
        yield return Coherence(x);
        yield return Atomicity(x);
        yield return Axiom.Acyclic("ordered-before",
            ("lob", lob), ("rfe", x.Rfe >> sameInstruction), ("fre", x.Fre >> sameInstruction),
            ("coe", x.Coe >> sameInstruction));
        Relation observed = (x.Rfe | x.Fre | x.Coe) >> sameInstruction;
        yield return GracePeriods(x, lob | observed | (x.Po >> dmb) | (dmb >> x.Po));
    }
}

namespace Lab.Explorer.Orders;

/// <summary>RC11: the C and C++ memory model as repaired, without load buffering.</summary>
/// <remarks>Source: Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017; herd's
/// rc11.cat; with the release sequences of C++20 (P0982), as GenMC has them: in 2017 a later store of the same thread to the word
/// went on with one, now only read-modify-writes do. The kernel's operations map to: smp_mb and the full forms a sequentially
/// consistent fence, smp_wmb a release fence, smp_rmb an acquire fence, locks acquire and release.</remarks>
internal sealed class RepairedC11Model : OrderModel
{
    internal override string Name => "rc11";

    internal override string Story => "RC11: C11 as repaired, without load buffering";

    internal override bool HasFencesAroundModifications => true;

    internal override string RefusesGracePeriods => "C11 has no grace periods";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        EventSet fsc = x.Where(e => e.Fence is FenceKind.Full or FenceKind.OfModification or FenceKind.BeforeAtomic
            or FenceKind.AfterAtomic or FenceKind.AfterSpinLock or FenceKind.AfterUnlockLock
            or FenceKind.Sequential);
        EventSet both = fsc | x.Fences(FenceKind.AcquireRelease);
        EventSet release = x.Release | (x.Full & x.W) | both | x.Fences(FenceKind.Store, FenceKind.Release);
        EventSet acquire = x.Acquire | (x.Full & x.R) | both | x.Fences(FenceKind.Load, FenceKind.Acquire);
        EventSet fence = x.Where(e => e.Kind == MemoryEventKind.Fence);

        Relation rs = x.W >> (x.Rf >> x.Rmw).Star;
        Relation sw = release >> (fence >> x.Po).Maybe >> rs >> x.Rf >> (x.Po >> fence).Maybe >> acquire;
        Relation hb = (x.Po | sw).Plus;
        Relation eco = (x.Rf | x.Co | x.Fr).Plus;
        yield return Axiom.Acyclic("no thin air", ("po", x.Po), ("rf", x.Rf));
        yield return Axiom.Irreflexive("coherence", ("hb;eco", hb >> eco.Maybe));
        yield return Axiom.Empty("coherence of modifications", ("eco", eco.Inverse), ("rmw", x.Rmw));
        yield return Axiom.Empty("atomicity", ("fr;co", x.Fr >> x.Co), ("rmw", x.Rmw));

        Relation poAway = x.Po - x.Loc;
        Relation scb = x.Po | (poAway >> hb >> poAway) | (hb & x.Loc) | x.Co | x.Fr;
        Relation before = x.Sequential.Identity | (fsc >> hb.Maybe);
        Relation after = x.Sequential.Identity | (hb.Maybe >> fsc);
        Relation psc = (before >> scb >> after) | (fsc >> (hb | (hb >> eco >> hb)) >> fsc);
        yield return Axiom.Acyclic("order of what is sequentially consistent", ("psc", psc));
    }
}

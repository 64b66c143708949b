namespace Lab.Explorer.Orders;

/// <summary>RC11: the C and C++ memory model as repaired, without load buffering.</summary>
/// <remarks>Source: Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017; herd's
/// rc11.cat. The kernel's operations map to: smp_mb and the full forms a sequentially consistent fence, smp_wmb a release fence,
/// smp_rmb an acquire fence, locks acquire and release.</remarks>
internal sealed class RepairedC11Model : OrderModel
{
    internal override string Name => "rc11";

    internal override string Story => "RC11: C11 as repaired, without load buffering";

    internal override bool HasFencesAroundModifications => true;

    internal override string RefusesGracePeriods => "C11 has no grace periods";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        EventSet fsc = x.Where(e => e.Fence is FenceKind.Full or FenceKind.OfModification or FenceKind.BeforeAtomic
            or FenceKind.AfterAtomic or FenceKind.AfterSpinLock or FenceKind.AfterUnlockLock);
        EventSet release = x.Release | (x.Full & x.W) | fsc | x.Fences(FenceKind.Store);
        EventSet acquire = x.Acquire | (x.Full & x.R) | fsc | x.Fences(FenceKind.Load);
        EventSet fence = x.Where(e => e.Kind == MemoryEventKind.Fence);

        Relation rs = x.W >> x.PoLoc.Maybe >> x.W >> (x.Rf >> x.Rmw).Star;
        Relation sw = release >> (fence >> x.Po).Maybe >> rs >> x.Rf >> (x.Po >> fence).Maybe >> acquire;
        Relation hb = (x.Po | sw).Plus;
        Relation eco = (x.Rf | x.Co | x.Fr).Plus;
        yield return Axiom.Acyclic("no thin air", ("po", x.Po), ("rf", x.Rf));
        yield return Axiom.Irreflexive("coherence", ("hb;eco", hb >> eco.Maybe));
        yield return Axiom.Empty("coherence of modifications", ("eco", eco.Inverse), ("rmw", x.Rmw));
        yield return Axiom.Empty("atomicity", ("fr;co", x.Fr >> x.Co), ("rmw", x.Rmw));

        Relation poAway = x.Po - x.Loc;
        Relation scb = x.Po | (poAway >> hb >> poAway) | (hb & x.Loc) | x.Co | x.Fr;
        Relation toFence = hb.Maybe >> fsc;
        Relation fromFence = fsc >> hb.Maybe;
        Relation psc = (fromFence >> scb >> toFence) | (fsc >> (hb | (hb >> eco >> hb)) >> fsc);
        yield return Axiom.Acyclic("order of full fences", ("psc", psc));
    }
}

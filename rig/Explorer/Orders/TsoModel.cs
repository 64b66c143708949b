namespace Lab.Explorer.Orders;

/// <summary>x86-TSO: loads overtake earlier stores to other words, unless a fence or a locked instruction lies between.</summary>
/// <remarks>Source: herd's x86tso; Owens, Sarkar, Sewell, TPHOLs 2009. Acquire, release, smp_wmb and smp_rmb are no instructions
/// there, nor are C11's fences but the sequentially consistent one; a sequentially consistent store is an xchg. A
/// compare-and-exchange that fails is a locked instruction all the same.</remarks>
internal sealed class TsoModel : OrderModel
{
    internal override string Name => "tso";

    internal override string Story => "x86-TSO: a store buffer per thread";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        EventSet mfence = x.Where(e => e.Fence is FenceKind.Full or FenceKind.GracePeriod or FenceKind.BeforeAtomic
            or FenceKind.AfterAtomic or FenceKind.AfterSpinLock or FenceKind.AfterUnlockLock or FenceKind.Sequential);
        Relation storeToLoad = x.W >> x.Po >> x.R;
        Relation local = (x.Po - storeToLoad)
            | (x.W >> x.Across(mfence) >> x.R)
            | (x.W >> x.Po >> (x.R & x.Atomic))
            | ((x.W & (x.Atomic | x.Sequential)) >> x.Po >> x.R);
        yield return Coherence(x);
        yield return Atomicity(x);
        (string, Relation)[] parts = [("ppo", x.M >> local >> x.M), ("rfe", x.Rfe), ("co", x.Co), ("fr", x.Fr)];
        yield return Axiom.Acyclic("total store order", parts);
        yield return GracePeriods(x, local | x.Rfe | x.Co | x.Fr);
    }
}

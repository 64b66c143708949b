namespace Lab.Explorer.Orders;

/// <summary>The Linux kernel's memory model: marked accesses, locks, RCU.</summary>
/// <remarks>Source: Alglave, Maranget, McKenney, Parri, Stern, "Frightening Small Children and Disconcerting Grown-ups", ASPLOS
/// 2018; tools/memory-model of the kernel as of 6.17 (linux-kernel.cat, lock.cat), without plain accesses and SRCU. The names are
/// those of the cat file.</remarks>
internal sealed class KernelModel : OrderModel
{
    internal override string Name => "lkmm";

    internal override string Story => "the Linux kernel's memory model";

    internal override bool HasLoadBuffering => true;

    internal override string RefusesC11 => "the kernel has atomics of its own, with orders of its own";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        yield return Coherence(x);
        yield return Atomicity(x);

        EventSet m = x.M;
        EventSet mbRead = x.Full & x.R;
        EventSet mbWrite = x.Full & x.W;
        EventSet rmw = x.Rmw.Range | x.Rmw.Inverse.Range;
        EventSet lockRead = x.Locks(LockPart.Lock) & x.R;
        EventSet lockWrite = x.Locks(LockPart.Lock) & x.W;
        EventSet sync = x.Fences(FenceKind.GracePeriod);

        Relation acqPo = x.Acquire >> x.Po >> m;
        Relation poRel = m >> x.Po >> x.Release;
        Relation poUnlockLockPo = x.Po >> x.Locks(LockPart.Unlock) >> (x.Po | x.Rf) >> lockRead >> x.Po;
        EventSet seen = x.R - x.Blind;
        Relation rmb = seen >> x.Across(x.Fences(FenceKind.Load)) >> seen;
        Relation wmb = x.W >> x.Across(x.Fences(FenceKind.Store)) >> x.W;
        Relation mb = m >> (x.Across(x.Fences(FenceKind.Full))
            | (x.Po >> mbRead)
            | (mbWrite >> x.Po)
            | (x.Across(x.Fences(FenceKind.BeforeAtomic)) >> rmw >> x.Po.Maybe)
            | (x.Po.Maybe >> rmw >> x.Across(x.Fences(FenceKind.AfterAtomic)))
            | (x.Po.Maybe >> lockWrite >> x.Across(x.Fences(FenceKind.AfterSpinLock)))
            | (poUnlockLockPo >> x.Fences(FenceKind.AfterUnlockLock) >> x.Po)) >> m;
        Relation gp = x.Po >> sync >> x.Po.Maybe;
        Relation strong = mb | gp;

        Relation dep = x.Addr | x.Data;
        Relation overwrite = x.Co | x.Fr;
        Relation toW = ((dep | x.Ctrl) >> x.W) | (overwrite & x.Int);
        Relation toR = (x.Addr >> x.R) | (dep >> x.Rfi);
        Relation ppo = toR | toW | ((strong | poRel | acqPo | wmb | rmb) & x.Int) | (poUnlockLockPo & x.Int);

        Relation rfe = x.Rfe;
        Relation cumulFence = m >> ((rfe.Maybe >> (strong | poRel)) | wmb | poUnlockLockPo) >> m >> (x.Rf >> x.Rmw).Star;
        Relation prop = m >> x.Ext(overwrite).Maybe >> cumulFence.Star >> m >> rfe.Maybe >> m;

        (string, Relation)[] hbParts =
            [("ppo", m >> ppo >> m), ("rfe", rfe), ("prop", m >> (prop.WithoutIdentity & x.Int) >> m)];
        yield return Axiom.Acyclic("happens-before", hbParts);

        Relation hb = (m >> ppo >> m) | rfe | (prop.WithoutIdentity & x.Int);
        Relation hbStar = hb.Star;
        Relation pb = prop >> strong >> hbStar >> m;
        yield return Axiom.Acyclic("propagation", ("pb", pb));

        if (sync.IsEmpty) yield break;
        Relation pbStar = pb.Star;
        Relation rcuFence = RcuOrder.Fence(x, x.Po.Maybe >> hbStar >> pbStar >> prop >> x.Po);
        yield return Axiom.Irreflexive("rcu", ("rb", prop >> rcuFence >> hbStar >> pbStar));
    }
}

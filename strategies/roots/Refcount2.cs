using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> A root starts with two references: the vCPU's, and the MMU's own, which lives until the root is
/// invalidated and is then handed to the worker. A valid root never reaches zero, so putting is always cheap and unloading a root
/// does not throw its tables away.</summary>
/// <remarks>
/// <b>Source.</b> Linux 6.4–6.5: edbdb43fc96b "Preserve TDP MMU roots until they are explicitly invalidated" (third version,
/// 2023-04-26).
/// <para><b>Runs beside.</b> Loads hold mmu_lock exclusive, puts either mode, the worker shared. Invalidation holds it exclusive,
/// except at the VM's end: there nobody else invalidates, but the worker unlinks, so the walk is an RCU section.</para>
/// <para><b>On return.</b> A put has done O(1) work. A fast zap has waited for every root it invalidated.</para>
/// <para><b>Pays.</b> The workers. Roots that nobody uses stay, with their tables, until the next fast zap.</para>
/// </remarks>
[Strategy("refcount2", Code = "S7", Idea = "the MMU owns a reference to each root until it is invalidated, then gives it "
    + "to the worker", Source = "Linux 6.4–6.5, edbdb43fc96b")]
public class Refcount2<TMachine> : RootStrategy<TMachine>
    where TMachine : struct, IMachine
{
    private readonly WorkQueue _queue;

    public Refcount2(Vm<TMachine> vm) : base(vm) => _queue = vm.NewWorkQueue("kvm", ZapRootWork);

    public override bool? KeepsRoots => false;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 2);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        if (!IsInvalid(root))
        {
            Vm.Oracle.Report(Invariants.I12, $"the last reference of {root} was put while it is valid", root.Id);
        }
        UnlinkAndFree(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold) => InvalidateEveryRoot();

    public override void ZapInvalidatedRoots() => Machine.Flush(_queue);

    public override void Destroy()
    {
        InvalidateEveryRoot();
        Machine.Flush(_queue);
        _queue.Dispose();
    }

    protected override void DisposeOwned() => _queue.Dispose();

    /// <summary>Marks every valid root and gives the MMU's reference on it to the worker.</summary>
    protected void InvalidateEveryRoot()
    {
        BeginWalk();
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (Invalidate(root)) HandOver(root, _queue);
            // The next step reads this root's link, and the worker may have freed the root by now: that is where a walk without a
            // section goes wrong.
            Vm.ReportIfDead(root, "walk of the list");
        }
        EndWalk();
    }

    /// <summary>Guards the walk against the worker, which unlinks and frees roots without mmu_lock exclusive.</summary>
    protected virtual void BeginWalk() => Machine.EnterRcu(Vm.Rcu);

    protected virtual void EndWalk() => Machine.ExitRcu(Vm.Rcu);
}

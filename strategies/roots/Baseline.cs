using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> Whoever drops the last reference of a root takes it off the list, zaps the whole tree in one go and
/// frees it. A fast zap gifts itself a reference on every root, marks them invalid, then zaps each invalid root with yields and
/// returns the gift.</summary>
/// <remarks>
/// <b>Source.</b> Linux 5.13–5.17: kvm_tdp_mmu_put_root, next_invalidated_root, kvm_tdp_mmu_zap_invalidated_roots (b7cccd397f31).
/// The fixes of that era for the notifier (d62007edf01f) and for faults into invalid roots (a955cad84cda) are the MMU's, not the
/// strategy's.
/// <para><b>Runs beside.</b> Load and put hold mmu_lock exclusive; iterators may put under the shared hold. The zap phase runs
/// shared, beside faults on new roots. slots_lock spans both phases: an invalid root is assumed to carry exactly one gift.</para>
/// <para><b>On return.</b> A fast zap has itself walked every root that was invalid. A put of the last reference has zapped
/// everything.</para>
/// <para><b>Pays.</b> The last putter: it walks all mapped pages without yielding, with the lock held. It grows linearly with
/// them.</para>
/// </remarks>
[Strategy("baseline", Code = "S1", Idea = "the last putter unlinks, zaps and frees; a fast zap gifts itself a reference",
    Source = "Linux 5.13–5.17")]
public class Baseline<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool? KeepsRoots => false;

    protected override ZapPasses Passes => ZapPasses.Root;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        // Off the list first: nobody may find a root whose count is zero once the lock could be dropped, so it is not dropped.
        if (!Unlink(root)) return;
        ZapRoot(root, hold, mayYield: false);
        Vm.Mmu.FreeRoot(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // Roots that are invalid already get another gift: this fast zap will put one on each of them, too.
            if (TryGet(root)) Invalidate(root);
        }
    }

    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        TdpRoot root = NextInvalidated(Vm.Roots.First);
        while (!root.IsNone)
        {
            // The successor is found before the zap yields; the gift on it keeps it alive meanwhile.
            TdpRoot next = NextInvalidated(Vm.Roots.After(root));
            ZapRoot(root, hold);
            Put(root, hold);
            root = next;
        }
        Vm.Exit(hold);
    }

    private TdpRoot NextInvalidated(TdpRoot root)
    {
        Machine.EnterRcu(Vm.Rcu);
        while (!root.IsNone && !(IsInvalid(root) && Machine.Load(ref root.Count) != 0)) root = Vm.Roots.After(root);
        Machine.ExitRcu(Vm.Rcu);
        return root;
    }
}

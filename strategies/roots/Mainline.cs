using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> As <c>refcount2</c>, but without a worker: invalidation sets a mark on each root, and the thread that
/// does the fast zap zaps the marked ones itself and then puts the MMU's reference. vCPUs load and put roots under the shared
/// hold.</summary>
/// <remarks>
/// <b>Source.</b> Linux 6.16: kvm_tdp_mmu_alloc_root, kvm_tdp_mmu_put_root, kvm_tdp_mmu_invalidate_roots,
/// kvm_tdp_mmu_zap_invalidated_roots. No worker since 6.6 (0df9dab891ff), shared loads and 4K→2M→1G→root passes since 6.9
/// (8ca983631f3c … 576a15de8d29).
/// <para><b>Runs beside.</b> Loads and puts beside each other, shared; the pages lock with a second look at the list keeps two
/// loaders from making the same root twice (invariant I13). Invalidation is exclusive. The mark is touched only under
/// slots_lock.</para>
/// <para><b>On return.</b> A put has done O(1) work. A fast zap has zapped every root that it marked, and nobody else was inside
/// one.</para>
/// <para><b>Pays.</b> The caller of the fast zap: its processor, its priority, one root after the other.</para>
/// </remarks>
[Strategy("mainline", Code = "S8", Idea = "the fast zap's caller zaps the roots it marked; roots are loaded and put under "
    + "the shared lock", Source = "Linux 6.9 and later")]
public class Mainline<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    /// <summary>Bit of the root's flags: the present fast zap must zap it (tdp_mmu_scheduled_root_to_zap).</summary>
    private const ulong Scheduled = 1;

    public override bool LoadsRootsShared => true;

    public override bool? KeepsRoots => false;

    protected override ZapPasses Passes => ZapPasses.Fine;

    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.ValidOnly, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.ValidOnly, hold))
        {
            // The iterator's reference becomes the vCPU's.
            if (Machine.Load(ref root.Role) == role.Word) return root;
        }

        Machine.Enter(Vm.Roots.PagesLock);
        TdpRoot chosen = FindRoot(role);
        if (chosen.IsNone)
        {
            // Only here, so that no root is ever made for nothing. The vCPU's table cache is full: nothing can block under the
            // spin lock.
            chosen = Vm.Mmu.CreateRoot(vcpu.Tables, role);
            if (!chosen.IsNone)
            {
                Machine.StoreRelaxed(ref chosen.Count, 2);
                Vm.Roots.Add(chosen);
            }
        }
        Machine.Exit(Vm.Roots.PagesLock);
        return chosen;
    }

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

    public override void ZapInvalidatedRoots() => ZapScheduledRoots();

    public override void Destroy()
    {
        Vm.Record(MmuEventKind.InvalidateAll, TdpRoot.None, 0);
        InvalidateEveryRoot();
        Vm.Record(MmuEventKind.ZapInvalidatedStart, TdpRoot.None, 0);
        ZapScheduledRoots();
        Vm.Record(MmuEventKind.ZapInvalidatedEnd, TdpRoot.None, 0);
    }

    private void InvalidateEveryRoot()
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // Roots that are invalid already were zapped by an earlier fast zap; some vCPU still holds a reference.
            if (Invalidate(root)) Machine.StoreRelaxed(ref root.Flags, Scheduled);
        }
    }

    /// <summary>Zaps each root that carries the mark and puts the MMU's reference on it.</summary>
    private void ZapScheduledRoots()
    {
        SharedHold hold = Vm.EnterShared();
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            if ((Machine.LoadRelaxed(ref root.Flags) & Scheduled) == 0) continue;
            Machine.StoreRelaxed(ref root.Flags, 0);
            ZapRoot(root, hold);
            // After the zap, so that notifiers reach the root meanwhile.
            Put(root, hold);
        }
        Vm.Exit(hold);
    }
}

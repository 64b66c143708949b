using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(ZapInline<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> A fast zap zaps every root in the exclusive section in which it marks them invalid. No worker, no gifted
/// reference and no second half: what could go wrong between two halves has no room.</summary>
/// <remarks>
/// <b>Source.</b> Nobody's patch, an example: what kvm_mmu_zap_all does when a VM ends, done on every memslot update.
/// <para><b>Runs beside.</b> Loads, puts and the fast zap hold mmu_lock exclusive; an iterator may put under the shared hold. The
/// zaps here do not yield, so a root on the list has a reference whenever the lock is taken exclusive.</para>
/// <para><b>On return.</b> No root that existed holds a present SPTE. vCPUs keep the invalid roots, empty, until they serve their
/// request; its reload flushes their TLBs before the update returns memory.</para>
/// <para><b>Pays.</b> Everybody: all faults wait for mmu_lock while one thread walks all mapped pages. It grows linearly with
/// them.</para>
/// </remarks>
[Strategy("zap-inline", Idea = "a fast zap zaps where it invalidates, in one exclusive section without a yield",
    Source = "example")]
public sealed class ZapInline<TMachine>(Vm<TMachine> vm) : RootStrategy<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);

    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        // Off the list first: nobody may find a root whose count is zero. The lock is not dropped until it is freed.
        if (!Unlink(root)) return;
        ZapRoot(root, hold, mayYield: false);
        Vm.Mmu.FreeRoot(root);
    }

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            // Invalid means emptied by the fast zap that marked it: faults do not install into it any more.
            if (IsInvalid(root)) continue;
            Invalidate(root);
            ZapRoot(root, hold, mayYield: false);
        }
    }

    /// <summary>Nothing is left: the first half zapped everything.</summary>
    public override void ZapInvalidatedRoots() { }
}

using Lab.Mmu;

namespace Lab.Strategies.Roots;

/// <summary><b>Idea.</b> As <c>mainline</c>, but a deleted or moved slot takes only its own leafs with it: they are zapped in all
/// roots, valid or not, and the TLBs flushed once. The roots stay valid, with their tables and all that other slots have
/// mapped.</summary>
/// <remarks>
/// <b>Source.</b> Linux 6.12 with KVM_X86_QUIRK_SLOT_ZAP_ALL switched off: kvm_mmu_zap_memslot (aa8d1f48d353); what
/// <c>kernel-slot-zap</c> asks of the running kernel.
/// <para><b>Runs beside.</b> Loads and puts, shared, when it yields; otherwise nothing: the zap holds mmu_lock exclusive. A fault
/// on the slot finds it invalid and tries again, so nothing comes back behind the walk. Before a yield the TLBs are
/// flushed.</para>
/// <para><b>On return.</b> No root maps the slot and no TLB holds a translation of it. No vCPU has left its root.</para>
/// <para><b>Pays.</b> The caller, and whoever waits for mmu_lock: it grows with the slot's pages and the number of roots. No vCPU
/// faults in again what was not deleted.</para>
/// </remarks>
[Strategy("slot-zap", Code = "S8Z", Idea = "only the deleted slot's leafs are zapped, in all roots, which stay valid; one flush",
    Source = "Linux 6.12 and later, KVM_X86_QUIRK_SLOT_ZAP_ALL off")]
public class SlotZap<TMachine>(Vm<TMachine> vm) : Mainline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool? KeepsRoots => true;

    public override void InvalidateAllRoots(ExclusiveHold hold)
    {
        bool flush = false;
        for (TdpRoot root = NextRoot(TdpRoot.None, RootFilter.All, hold); !root.IsNone;
             root = NextRoot(root, RootFilter.All, hold))
        {
            flush = Vm.Mmu.ZapLeafs(root, Vm.DoomedRange, hold, mayYield: true, flush);
        }
        if (flush) Flush();
    }

    /// <summary>Nothing is left: the first half zapped what had to go.</summary>
    public override void ZapInvalidatedRoots() { }

    protected virtual void Flush() => Vm.Mmu.FlushRemoteTlbs();
}

using Lab.Mmu;

namespace Lab.Strategies.OfKernel;

/// <summary><b>Idea.</b> <see cref="Kernel{TMachine}"/> with one quirk switched off: deleting or moving a slot zaps only its own
/// mappings and leaves all other memory mapped. <see cref="Roots.SlotZap{TMachine}"/> is the lab's own.</summary>
/// <remarks>
/// <b>Source.</b> KVM_X86_QUIRK_SLOT_ZAP_ALL, disabled through KVM_CAP_DISABLE_QUIRKS2 (Linux 6.12; kvm_mmu_zap_memslot).
/// <para><b>Runs beside.</b> As <c>kernel</c>; the zap holds mmu_lock exclusive where the kernel shadows, and yields.</para>
/// <para><b>On return</b> no vCPU reaches the memory of a deleted slot. Mappings of other slots are still there.</para>
/// <para><b>Pays.</b> The caller of the ioctl, for a walk over the slot; no vCPU faults in again what was not deleted.</para>
/// </remarks>
[Strategy("kernel-slot-zap", Code = "–", Needs = StrategyNeeds.KernelSlotsZappedAlone, Idea = "as kernel, but deleting a slot "
    + "zaps its own mappings only", Source = "the running kernel, KVM_X86_QUIRK_SLOT_ZAP_ALL off")]
public sealed class KernelSlotZap<TMachine>(Vm<TMachine> vm) : Kernel<TMachine>(vm)
    where TMachine : struct, IMachine
{
}

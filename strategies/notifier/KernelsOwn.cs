using Lab.Mmu;

namespace Lab.Strategies.Notifier;

/// <summary><b>Idea.</b> No notifier of ours: the host drops memory, and the running kernel's own notifier takes the guest's
/// mappings down and makes faults retry.</summary>
/// <remarks>
/// <b>Source.</b> madvise or fallocate of the kernel that the lab runs on, and its kvm_mmu_notifier.
/// <para><b>Runs beside.</b> Everything, updates included: no lock of the lab is taken, so that nothing but the kernel is
/// measured.</para>
/// <para><b>On return</b> of a start the memory is gone and no vCPU has it mapped; who touches it next faults.</para>
/// <para><b>Pays.</b> Whoever drops, the vCPUs whose TLBs are shot down, and memslot updates, which wait for notifiers that
/// run.</para>
/// </remarks>
[Strategy("kernel", Code = "–", Needs = StrategyNeeds.KernelSlots,
    Idea = "the running kernel's own: the host drops memory, and what follows is the kernel's",
    Source = "the running kernel")]
public sealed class KernelsOwn<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override bool Counts => false;

    public override void RangeStart(GfnRange range) => Vm.Slots.Kernel!.DropMemory(range);

    /// <summary>Nothing to do: start and end are both inside the system call.</summary>
    public override void RangeEnd(GfnRange range) { }
}

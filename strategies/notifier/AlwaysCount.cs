using Lab.Mmu;

namespace Lab.Strategies.Notifier;

/// <summary><b>Idea.</b> Every start and every end takes mmu_lock exclusive and counts; only the walk is skipped when no slot
/// overlaps. Nothing has to stay stable between start and end.</summary>
/// <remarks>
/// <b>Source.</b> KVM before 5.15, and Paolo Bonzini's stepping stone of 2021-03-31 (reference 9.3, N1).
/// <para><b>Runs beside.</b> Nothing, during a start or an end; faults in between are told to retry if their frame is in the
/// range.</para>
/// <para><b>On return</b> of a start no root maps a frame of the range and no TLB holds it.</para>
/// <para><b>Pays.</b> Every vCPU, for two exclusive sections per notification, also for irrelevant ones.</para>
/// </remarks>
[Strategy("always-count", Code = "N1",
    Idea = "every start and end takes mmu_lock exclusive and counts; only the walk is skipped when no slot overlaps",
    Source = "Linux before 5.15")]
public class AlwaysCount<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void RangeStart(GfnRange range) => Start(range, mayYield: true);

    /// <summary>Counts as any other, and zaps in one go.</summary>
    public override void RangeStartNonBlockable(GfnRange range) => Start(range, mayYield: false);

    public override void RangeEnd(GfnRange range)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        End();
        Vm.Exit(hold);
    }

    private void Start(GfnRange range, bool mayYield)
    {
        Vm.Machine.EnterRcu(Vm.Slots.Srcu);
        ExclusiveHold hold = Vm.EnterExclusive();
        Begin(range);
        if (Vm.Slots.Published.Overlaps(range, exceptId: -1)) Unmap(range, hold, mayYield);
        Vm.Exit(hold);
        Vm.Machine.ExitRcu(Vm.Slots.Srcu);
        Vm.CheckUnmapped(range);
    }
}

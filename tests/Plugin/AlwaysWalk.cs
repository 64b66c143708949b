using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(AlwaysWalk<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> As <c>always-count</c>, but a start does not look at the memslots: it walks the roots for every
/// range.</summary>
/// <remarks>
/// <b>Source.</b> An example: a notifier is its file and the line above.
/// <para><b>Runs beside.</b> Nothing, during a start or an end; memslot updates in between, for which it does not care.</para>
/// <para><b>On return</b> of a start no root maps a frame of the range and no TLB holds it.</para>
/// <para><b>Pays.</b> Every vCPU, for two exclusive sections and a walk per notification.</para>
/// </remarks>
[Strategy("always-walk", Idea = "every start and end takes mmu_lock exclusive and counts; every start walks", Source = "example")]
public class AlwaysWalk<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void RangeStart(GfnRange range) => Start(range, mayYield: true);

    public override void RangeStartNonBlockable(GfnRange range) => Start(range, mayYield: false);

    public override void RangeEnd(GfnRange range)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        End();
        Vm.Exit(hold);
    }

    protected virtual void Take(GfnRange range, ExclusiveHold hold, bool mayYield) => Unmap(range, hold, mayYield);

    private void Start(GfnRange range, bool mayYield)
    {
        ExclusiveHold hold = Vm.EnterExclusive();
        Begin(range);
        Take(range, hold, mayYield);
        Vm.Exit(hold);
        Vm.CheckUnmapped(range);
    }
}

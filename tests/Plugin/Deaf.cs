using Lab.Mmu;
using Lab.Tests.Plugin;

[assembly: OffersStrategy(typeof(Deaf<>))]

namespace Lab.Tests.Plugin;

/// <summary><b>Idea.</b> A notifier that counts and zaps nothing. For tests of how a broken member of another family than the
/// roots is treated.</summary>
/// <remarks>
/// <b>Source.</b> A test.
/// <para><b>Wrong because.</b> The host takes memory that roots still map.</para>
/// <para><b>Runs beside, pays.</b> As <c>always-walk</c>. <b>On return</b> of a start everything is as it was.</para>
/// </remarks>
[Strategy("deaf", Status = StrategyStatus.Broken, Idea = "a notifier that zaps nothing", Source = "test",
    Breaks = "I5: what the host took is still mapped")]
public sealed class Deaf<TMachine>(Vm<TMachine> vm) : AlwaysWalk<TMachine>(vm)
    where TMachine : struct, IMachine
{
    protected override void Take(GfnRange range, ExclusiveHold hold, bool mayYield) { }
}

using Lab.Mmu;

namespace Lab.Strategies.Notifier.Broken;

/// <summary><b>Idea.</b> As <c>slots-rwsem</c>, and the semaphore is left as it is when the notifier is unregistered.</summary>
/// <remarks>
/// <b>Source.</b> v1 16/18 before its review (reference 9.4).
/// <para><b>Wrong because.</b> No end comes once the notifier is gone: the read side of a start stays taken, and deleting the
/// VM's own slots waits for it for ever (I26).</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>slots-rwsem</c>.</para>
/// </remarks>
[Strategy("slots-rwsem-kept", Code = "N2", Status = StrategyStatus.Broken,
    Idea = "as slots-rwsem, and the semaphore is not made anew when the notifier goes",
    Source = "v1 16/18, 2021-03-26",
    Breaks = "I26: the VM never goes if the notifier is unregistered between a start and its end")]
public sealed class SlotsRwsemKept<TMachine>(Vm<TMachine> vm) : SlotsRwsem<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Release() { }
}

using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> Sean Christopherson's put — drop to zero, exchange the invalid bit, raise to one, zap with yields, put
/// again — together with the old fast zap, which puts a gift on every invalid root with a count.</summary>
/// <remarks>
/// <b>Source.</b> Mail Yh53V23gSJ6jphnS, 2022-03-01 (reference 5.3), over the fast zap of 5.13–5.17.
/// <para><b>Wrong because.</b> The put alone is right. The fast zap cannot tell a root it gifted from one that the put made
/// invalid: the same double put as in <c>async-put</c>, without any worker.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>baseline</c>, but the last putter yields.</para>
/// </remarks>
[Strategy("xchg-put", Code = "S5S", Status = StrategyStatus.Broken, Idea = "exchange-form put with yields over the old fast zap",
    Source = "Christopherson 2022-03-01 over Linux 5.17",
    Breaks = "I1: double put; as async-put, and the put must yield inside a fast zap's window")]
public sealed class XchgPut<TMachine>(Vm<TMachine> vm) : Baseline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        while (Decrement(root, hold) == 0)
        {
            Vm.Pause(PausePoint.PutEdge);
            if (!ExchangeInvalid(root))
            {
                UnlinkAndFree(root);
                return;
            }
            Machine.StoreRelaxed(ref root.Count, 1);
            ZapRoot(root, hold);
            if (Vm.Oracle.IsBugged) return;
        }
    }
}

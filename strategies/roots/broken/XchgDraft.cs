using Lab.Mmu;

namespace Lab.Strategies.Roots.Broken;

/// <summary><b>Idea.</b> Do not let the count reach zero: drop it unless it is one, mark the root invalid, zap, and if it is
/// still one, force it to zero and free.</summary>
/// <remarks>
/// <b>Source.</b> Paolo Bonzini's draft, 28276890-c90c-e9a9-3cab-15264617ef5a@redhat.com, 2022-03-01 (reference 5.1), over the
/// fast zap of 5.13–5.17.
/// <para><b>Wrong because.</b> Between "it is still one" and the store of zero a reader can take a reference, which the store
/// then loses (I-a and I-b of reference 5.2). A CAS from one to zero would repair it.</para>
/// <para><b>Runs beside, on return, pays.</b> As <c>baseline</c>, but the last putter yields.</para>
/// </remarks>
[Strategy("xchg-draft", Code = "S5P", Status = StrategyStatus.Broken,
    Idea = "dec-unless-one, exchange, zap, then force the count to zero",
    Source = "Bonzini's draft, 2022-03-01",
    Breaks = "I1, I3: a reference taken between the last test and the store of zero is lost (--pause put-edge=…)")]
public sealed class XchgDraft<TMachine>(Vm<TMachine> vm) : Baseline<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (DecrementUnlessOne(root, hold)) return;
        if (ExchangeInvalid(root)) ZapRoot(root, hold);
        if (DecrementUnlessOne(root, hold)) return;
        Vm.Pause(PausePoint.PutEdge);
        Vm.Record(MmuEventKind.Put, root, (long)Machine.LoadRelaxed(ref root.Count), hold.IsShared);
        // The fault: whoever took a reference since the test above loses it.
        Machine.StoreRelaxed(ref root.Count, 0);
        UnlinkAndFree(root);
    }
}

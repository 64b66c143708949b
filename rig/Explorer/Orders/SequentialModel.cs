namespace Lab.Explorer.Orders;

/// <summary>Sequential consistency: one order of all events (Lamport 1979).</summary>
internal sealed class SequentialModel : OrderModel
{
    internal override string Name => "sc";

    internal override string Story => "sequential consistency: one order of all events";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        yield return Atomicity(x);
        yield return Axiom.Acyclic("one order", ("po", x.Po), ("rf", x.Rf), ("co", x.Co), ("fr", x.Fr));
        yield return GracePeriods(x, x.Po | x.Rf | x.Co | x.Fr);
    }
}

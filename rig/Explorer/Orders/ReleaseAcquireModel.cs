namespace Lab.Explorer.Orders;

/// <summary>Release-acquire: every load acquires, every store releases, and no fence does more.</summary>
/// <remarks>Source: Lahav, Giannarakis, Vafeiadis, "Taming Release-Acquire Consistency", POPL 2016.</remarks>
internal sealed class ReleaseAcquireModel : OrderModel
{
    internal override string Name => "ra";

    internal override string Story => "release-acquire: every load acquires, every store releases";

    internal override string RefusesGracePeriods => "it has no grace periods";

    internal override IEnumerable<Axiom> Axioms(Execution x)
    {
        Relation hb = (x.Po | x.Rf).Plus;
        yield return Axiom.Acyclic("happens-before", ("po", x.Po), ("rf", x.Rf));
        yield return Axiom.Irreflexive("coherence", ("hb;eco", hb >> (x.Rf | x.Co | x.Fr).Plus.Maybe));
        yield return Axiom.Empty("atomicity", ("fr;co", x.Fr >> x.Co), ("rmw", x.Rmw));
    }
}

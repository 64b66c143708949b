namespace Lab.Explorer.Orders;

/// <summary>A memory model: which executions can happen. Each reads like its cat file.</summary>
/// <remarks>Stateless. An execution is possible if every axiom holds; they come the cheapest first, and the rest is not computed
/// once one is broken.</remarks>
internal abstract class OrderModel
{
    /// <summary>As the user types it.</summary>
    internal abstract string Name { get; }

    /// <summary>What it models, in a sentence.</summary>
    internal abstract string Story { get; }

    /// <summary>A full read-modify-write has a fence before it and one behind it, as events of their own.</summary>
    internal virtual bool HasFencesAroundModifications => false;

    /// <summary>A load may take its value from a store that comes later in time: program order and reads-from may have a
    /// cycle.</summary>
    internal virtual bool HasLoadBuffering => false;

    /// <summary>Why the model says nothing about grace periods, or null if it does.</summary>
    internal virtual string? RefusesGracePeriods => null;

    /// <summary>Why the model says nothing about the atomics of C11, or null if it does.</summary>
    internal virtual string? RefusesC11 => null;

    internal abstract IEnumerable<Axiom> Axioms(Execution x);

    internal bool Allows(Execution x) => Axioms(x).All(axiom => axiom.Holds);

    /// <summary>The first axiom that the execution breaks, or null.</summary>
    internal Axiom? Broken(Execution x) => Axioms(x).FirstOrDefault(axiom => !axiom.Holds);

    /// <summary>Each word by itself is sequentially consistent.</summary>
    private protected static Axiom Coherence(Execution x) =>
        Axiom.Acyclic("coherence", ("po-loc", x.PoLoc), ("rf", x.Rf), ("co", x.Co), ("fr", x.Fr));

    /// <summary>No write of another thread comes between the two parts of a read-modify-write.</summary>
    private protected static Axiom Atomicity(Execution x) =>
        Axiom.Empty("atomicity", ("fre;coe", x.Fre >> x.Coe), ("rmw", x.Rmw));

    /// <summary>The grace-period guarantee on top of an order of all that happens: no section both begins before a grace period
    /// and ends after it.</summary>
    /// <remarks>Source: Alglave, Maranget, McKenney, Parri, Stern, ASPLOS 2018, the law of RCU; the rule is that of the kernel's
    /// model with its link relation made of the order.</remarks>
    private protected static Axiom GracePeriods(Execution x, Relation order)
    {
        Relation ordered = order.Star;
        return Axiom.Irreflexive("rcu", ("rb", ordered >> RcuOrder.Fence(x, x.Po.Maybe >> ordered >> x.Po) >> ordered));
    }
}

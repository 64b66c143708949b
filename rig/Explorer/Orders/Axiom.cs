namespace Lab.Explorer.Orders;

/// <summary>A step of a <see cref="Axiom.Cycle"/>: the first event comes before the second because of a relation.</summary>
internal readonly record struct OrderEdge(int From, int To, string Name);

/// <summary>What a model demands of an execution: that relations, together, have no cycle.</summary>
/// <param name="Name">As the model's cat file calls it, in words.</param>
/// <param name="Parts">The relations, named; their union has no cycle if the axiom holds.</param>
/// <param name="IsOneStep">An event must not be related to itself: cat's <c>irreflexive</c>, where the others are
/// <c>acyclic</c>.</param>
internal sealed record Axiom(string Name, bool IsOneStep, params (string Name, Relation Relation)[] Parts)
{
    internal static Axiom Acyclic(string name, params (string, Relation)[] parts) => new(name, false, parts);

    internal static Axiom Irreflexive(string name, params (string, Relation)[] parts) => new(name, true, parts);

    /// <summary>No pair at all; shown as the pair and the way back.</summary>
    internal static Axiom Empty(string name, (string Name, Relation Relation) forth, (string Name, Relation Relation) back) =>
        new(name, true, ($"{forth.Name} beside {back.Name}", forth.Relation >> back.Relation.Inverse));

    internal bool Holds => IsOneStep ? Parts.All(part => part.Relation.IsIrreflexive) : Union.IsAcyclic;

    private Relation Union
    {
        get
        {
            Relation union = Parts[0].Relation;
            for (int part = 1; part < Parts.Length; part++) union |= Parts[part].Relation;
            return union;
        }
    }

    /// <summary>A shortest cycle, empty if the axiom holds.</summary>
    internal IReadOnlyList<OrderEdge> Cycle()
    {
        Relation union = Union;
        List<OrderEdge> shortest = [];
        for (int start = 0; start < union.Count; start++)
        {
            if (IsOneStep)
            {
                if (union[start, start]) return [new OrderEdge(start, start, NameOf(start, start))];
                continue;
            }
            int[] before = Distances(union, start);
            if (before[start] < 0) continue;
            List<OrderEdge> cycle = [];
            int to = start;
            do
            {
                cycle.Insert(0, new OrderEdge(before[to], to, NameOf(before[to], to)));
                to = before[to];
            }
            while (to != start);
            if (shortest.Count == 0 || cycle.Count < shortest.Count) shortest = cycle;
        }
        return shortest;
    }

    /// <summary>Breadth first: the event before each on a shortest way from the start, −1 where there is no way.</summary>
    private static int[] Distances(Relation union, int start)
    {
        int[] before = new int[union.Count];
        Array.Fill(before, -1);
        Queue<int> pending = new([start]);
        while (pending.TryDequeue(out int from) && before[start] < 0)
        {
            for (int to = 0; to < union.Count; to++)
            {
                if (!union[from, to] || before[to] >= 0) continue;
                before[to] = from;
                pending.Enqueue(to);
            }
        }
        return before;
    }

    private string NameOf(int from, int to) => Parts.First(part => part.Relation[from, to]).Name;
}

namespace Lab.Measure;

/// <summary>Which core each actor gets, and whether it may have it in real time.</summary>
/// <param name="Cpu">Null: wherever the kernel puts it.</param>
/// <param name="IsAlone">Pinned, and no other actor is pinned there.</param>
internal readonly record struct LanePlace(int? Cpu, bool IsAlone)
{
    /// <summary>The first updater on the first core; all others take turns on the cores after it, or on the only one.</summary>
    public static LanePlace[] Quiet(IReadOnlyList<ActorRole> roles, IReadOnlyList<int> cpus)
    {
        int updater =
            roles.Index().Where(one => one.Item == ActorRole.Updater).Select(one => one.Index).DefaultIfEmpty(-1).First();
        int[] others = cpus.Count > 1 && updater >= 0 ? [.. cpus.Skip(1)] : [.. cpus];
        int next = 0;
        return Alone([.. roles.Select((_, index) => (int?)(index == updater ? cpus[0] : others[next++ % others.Length]))]);
    }

    /// <summary>Bystanders share the last core, which of all that is pinned they have to themselves; all others take turns on the
    /// cores before it. What is pinned nowhere, such as a strategy's workers, finds that core the idlest. On one core nothing is
    /// pinned.</summary>
    public static LanePlace[] Apart(IReadOnlyList<ActorRole> roles, IReadOnlyList<int> cpus)
    {
        if (cpus.Count == 1) return Alone(new int?[roles.Count]);
        int next = 0;
        return Alone([.. roles.Select(
            role => (int?)(role == ActorRole.Bystander ? cpus[^1] : cpus[next++ % (cpus.Count - 1)]))]);
    }

    /// <summary>Round-robin over the cores, or nothing pinned.</summary>
    public static LanePlace[] InTurn(int actorCount, IReadOnlyList<int> cpus, bool pins) =>
        Alone([.. Enumerable.Range(0, actorCount).Select(index => pins ? cpus[index % cpus.Count] : (int?)null)]);

    private static LanePlace[] Alone(int?[] cpus) =>
        [.. cpus.Select(cpu => new LanePlace(cpu, cpu is not null && cpus.Count(other => other == cpu) == 1))];
}

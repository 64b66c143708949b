using Lab.Report.Explorations;

namespace Lab.Report.Fleet;

/// <summary>A unit that has no answer yet. The state is <c>running</c>, <c>failed</c>, <c>missing</c> or
/// <c>damaged</c>: its result cannot be understood, and it is done again.</summary>
public sealed record FleetUnitJson(int Unit, string State, int Attempts, string? Why);

/// <summary>What <c>lab fleet status --format json</c> prints. Seconds left are null while nothing is known.</summary>
public sealed record FleetStatusJson(
    string Plan, string Id, string Kind, int Units, int Done, int Running, int Failed, int Missing, int Damaged, double Share,
    double? SecondsLeft, IReadOnlyList<string> Drained, IReadOnlyList<string> Problems, IReadOnlyList<FleetUnitJson> Open);

/// <summary>What <c>lab fleet gather --format json</c> prints of an exploration: sums over all that was explored, the first
/// failure, and every exploration as <c>lab explore</c> prints it. Units that have no answer are named.</summary>
public sealed record FleetExplorationJson(
    string Plan, string Verdict, string? Invariant, string? Replay, long Executions, long Cut, long States, long Steps,
    bool Complete, int Units, int Done, IReadOnlyList<int> Missing, IReadOnlyList<string> Problems,
    IReadOnlyList<ExplorationJson> Explorations, ProgramJson? Program);

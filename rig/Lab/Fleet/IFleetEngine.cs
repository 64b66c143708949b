using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>Hands the units of a plan to whatever does them.</summary>
public interface IFleetEngine
{
    /// <summary>What it would run, for people.</summary>
    string Describe(PlanFolder plan, IReadOnlyList<int> units);

    /// <summary>Hands out units that have no answer. Returns when they are handed out.</summary>
    /// <exception cref="UsageException">The engine is not there, or refuses.</exception>
    void Submit(PlanFolder plan, IReadOnlyList<int> units);

    /// <summary>Whether anything that was handed out may still be done.</summary>
    bool IsAtWork(PlanFolder plan);
}

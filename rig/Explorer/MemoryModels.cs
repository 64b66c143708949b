using Lab.Explorer.Orders;

namespace Lab.Explorer;

/// <summary>The memory models as the user names them.</summary>
public static class MemoryModels
{
    /// <summary>From strong to weak.</summary>
    public static IReadOnlyList<MemoryModel> All { get; } = Enum.GetValues<MemoryModel>();

    /// <summary>As the user types it.</summary>
    public static string NameOf(MemoryModel model) => OrderModels.Of(model).Name;

    /// <summary>A load may read from a store that comes later.</summary>
    public static bool HasLoadBuffering(MemoryModel model) => OrderModels.Of(model).HasLoadBuffering;

    /// <summary>What it models, in a sentence.</summary>
    public static string StoryOf(MemoryModel model) => OrderModels.Of(model).Story;
}
